package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import domain.my.lpm.api.ApiGroup;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** A checkpoint of all containers of a pod at one instant. */
@JsonClassDescription("A checkpoint of all containers of a pod at one instant.")
@Group(ApiGroup.NAME)
@Version(ApiGroup.VERSION)
@Kind("PodCheckpoint")
@Singular("podcheckpoint")
@Plural("podcheckpoints")
@ShortNames("pckpt")
@Categories(ApiGroup.CATEGORY)
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Pod", jsonPath = ".spec.podName", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Ready",
        jsonPath = ".status.ready",
        type = AdditionalPrinterColumn.Type.BOOLEAN,
        getDescription = "Whether it can be restored")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "Content",
        jsonPath = ".status.boundContent",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1,
        getDescription = "Object that describes the data")
@ValidationRule(
        value = "!has(oldSelf.status) || !has(oldSelf.status.phase) || (has(self.status) && has(self.status.phase))",
        message =
                "status.phase cannot be removed, because the work would begin again; delete this PodCheckpoint and create another")
public final class PodCheckpoint extends CustomResource<PodCheckpointSpec, PodCheckpointStatus> implements Namespaced {
    @Override
    @Required
    public PodCheckpointSpec getSpec() {
        return super.getSpec();
    }

    @Override
    protected PodCheckpointSpec initSpec() {
        return new PodCheckpointSpec();
    }

    @Override
    protected PodCheckpointStatus initStatus() {
        return new PodCheckpointStatus();
    }
}
