package domain.my.lpm.agent.checkpoint;

import domain.my.lpm.agent.node.NodeContainer;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import java.time.Duration;
import java.util.Map;

/** A way to take a checkpoint of one container. */
interface Dump {
    /**
     * What is to be dumped.
     *
     * @param order of the whole checkpoint
     * @param container which
     * @param uri where it goes
     * @param volumes name to mount path of those that are stored with it
     */
    record Job(CheckpointOrder order, NodeContainer container, CheckpointUri uri, Map<String, String> volumes) {}

    /** A dump that has been taken: the container stands still if it is to be held. */
    interface Taken {
        /** CRIU's version, where it is known. */
        String criuVersion();

        /** From when on the container may have stood still, by {@link System#nanoTime}. */
        long frozen();

        /** When the dump was done, by {@link System#nanoTime}. */
        long dumped();

        /** Puts it into the repository, if it is not there already: below the directory of the checkpoint, all of it. */
        void store(Duration atMost);

        /** Removes what lies outside of the repository. May be repeated. */
        void discard();
    }

    /**
     * Dumps the container. When it fails, the container goes on.
     *
     * @throws domain.my.lpm.agent.AgentException when it is refused or takes too long
     */
    Taken take(Job job, Duration atMost);
}
