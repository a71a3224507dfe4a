package domain.my.lpm.launcher.checkpoint;

import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Durability;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.launcher.criu.Tcp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How a checkpoint is taken.
 *
 * @param pid the container's first process as this JVM sees it; empty when this JVM runs in the container (privileges: pod)
 * @param repository the shared storage
 * @param staging a directory on a disk of the node
 * @param uri where the checkpoint goes
 * @param owner the container it is of
 * @param signingKey the file with the private key that signs it
 * @param form compressed, extracted or both
 * @param durability when it is on the disk
 * @param volumes name of each volume that travels, to its mount path in the container
 * @param hold whether the processes stay stopped after it
 * @param tcp what becomes of established connections: kept in the checkpoint, closed by it, or a reason to refuse
 * @param rehearsal how long to practise before the dump, so that the container stands still for a shorter time
 * @param deadline from the start of CRIU until its dump is complete
 * @param criu the program, as found in the toolkit
 */
public record CheckpointSettings(
        Optional<Integer> pid,
        Path repository,
        Path staging,
        CheckpointUri uri,
        Owner owner,
        Path signingKey,
        Form form,
        Durability durability,
        Map<String, String> volumes,
        boolean hold,
        Tcp tcp,
        Duration rehearsal,
        Duration deadline,
        String criu) {
    public CheckpointSettings {
        volumes = Map.copyOf(volumes);
    }
}
