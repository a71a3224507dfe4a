package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.launcher.criu.Tcp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How a container is restored.
 *
 * @param pid the container's first process as this JVM sees it; empty when this JVM runs in the container (privileges: pod)
 * @param repository the shared storage
 * @param staging a directory on a disk of the node, for memory pages that have to be decompressed
 * @param trustedKeys the directory with the public keys whose signatures are accepted
 * @param owner for which container the checkpoint must have been made
 * @param claimant who consumes the checkpoint, recorded with it: a name for one start of one container
 * @param askedFor what the pod asked for its application, where its first process holds more
 * @param volumes name of each volume that travels, to its mount path in the container; empty where another container of the pod
 *     restores it
 * @param lazy whether memory pages are brought in as they are touched
 * @param tcp what becomes of established connections
 * @param deadline from the start of CRIU until the processes run
 * @param onFailure what the container does when the restore fails
 * @param onConsumed what the container does when the checkpoint was consumed by an earlier start
 * @param rehearsal how long the launcher practises before it is ready, so that it is quick when released
 * @param criu the program, as found in the toolkit
 */
public record RestoreSettings(
        Optional<Integer> pid,
        Path repository,
        Path staging,
        Path trustedKeys,
        Owner owner,
        String claimant,
        AskedFor askedFor,
        Map<String, String> volumes,
        boolean lazy,
        Tcp tcp,
        Duration deadline,
        Otherwise onFailure,
        Otherwise onConsumed,
        Duration rehearsal,
        String criu) {

    /** What a container does that cannot continue from its checkpoint. */
    public enum Otherwise {
        /** It ends, with exit code 20. */
        FAIL,
        /** It starts its application anew. */
        FRESH
    }

    public RestoreSettings {
        volumes = Map.copyOf(volumes);
    }

    /** Those volumes whose content comes into this container. */
    Map<String, String> filledVolumes() {
        Map<String, String> filled = new LinkedHashMap<>(volumes);
        filled.values().removeIf(String::isEmpty);
        return filled;
    }
}
