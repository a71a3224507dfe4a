package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.fabric8.generator.annotation.ValidationRule;

/** Which pod is checkpointed and how. Only {@code deletionPolicy} may change. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"podName", "podUid", "hold", "checkpointMethod", "tcp", "compression", "deletionPolicy"})
@ValidationRule(
        value = "self.podName == oldSelf.podName "
                + "&& has(self.podUid) == has(oldSelf.podUid) && (!has(self.podUid) || self.podUid == oldSelf.podUid) "
                + "&& self.hold == oldSelf.hold "
                + "&& has(self.checkpointMethod) == has(oldSelf.checkpointMethod) && (!has(self.checkpointMethod) || self.checkpointMethod == oldSelf.checkpointMethod) "
                + "&& self.tcp == oldSelf.tcp "
                + "&& self.compression == oldSelf.compression",
        message =
                "spec cannot be changed except for deletionPolicy, because a checkpoint shows one pod at one instant; create another PodCheckpoint")
public final class PodCheckpointSpec extends CheckpointSpec {}
