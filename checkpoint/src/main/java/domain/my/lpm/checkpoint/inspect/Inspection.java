package domain.my.lpm.checkpoint.inspect;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint holds. All sizes are in bytes; all ids are those of the dump; text from the dump is as it was dumped.
 *
 * @param dump the dump as a whole
 * @param container what the container runtime says of it; null if its files were not given
 * @param memory the memory of all processes together, shared memory counted once
 * @param processes the processes, parents before their children
 * @param descriptorTables the descriptor tables that the processes refer to
 * @param files the open files that the descriptors refer to
 * @param mounts the mounts, as the dumped mount namespaces list them
 * @param hindrances what stands in the way of a restore, what blocks it first
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Inspection(
        Dump dump,
        @Nullable Container container,
        Memory memory,
        List<Process> processes,
        List<DescriptorTable> descriptorTables,
        List<File> files,
        List<Mount> mounts,
        List<Hindrance> hindrances) {
    public Inspection {
        processes = List.copyOf(processes);
        descriptorTables = List.copyOf(descriptorTables);
        files = List.copyOf(files);
        mounts = List.copyOf(mounts);
        hindrances = List.copyOf(hindrances);
    }

    /**
     * The dump as a whole.
     *
     * @param imageVersion the version of CRIU's image format
     * @param architecture the machine it was taken on; UNKNOWN if its processes disagree
     * @param securityModule the Linux security module of the source
     * @param uptimeMicroseconds the source's CLOCK_MONOTONIC, in microseconds; 0 if not recorded
     * @param tcpClosed whether TCP connections are restored as closed
     * @param runId the id CRIU gave to the run that made it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Dump(
            long imageVersion,
            String architecture,
            String securityModule,
            long uptimeMicroseconds,
            boolean tcpClosed,
            @Nullable String runId) {}

    /**
     * What config.dump and spec.dump of the container runtime say; a value that they do not name is null.
     *
     * @param created when the container was created, as the runtime wrote it
     * @param checkpointed when it was checkpointed, as the runtime wrote it
     * @param runtime the OCI runtime
     * @param command its arguments
     * @param terminal whether its first process has a terminal
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Container(
            @Nullable String id,
            @Nullable String name,
            @Nullable String pod,
            @Nullable String namespace,
            @Nullable String image,
            @Nullable String runtime,
            @Nullable String created,
            @Nullable String checkpointed,
            List<String> command,
            boolean terminal) {
        public Container {
            command = List.copyOf(command);
        }
    }

    /**
     * Memory of a process or of all.
     *
     * @param mapped the address space in use
     * @param dumped the private pages in the images
     * @param shared the shared pages in the images
     * @param absent the private and shared pages that are still with the source
     * @param inParent the private and shared pages in the images of an earlier dump
     */
    public record Memory(long mapped, long dumped, long shared, long absent, long inParent) {}

    /**
     * A process.
     *
     * @param parent 0 for the root
     * @param name what it calls itself; null for one that ended so
     * @param state ALIVE, STOPPED, DEAD or ZOMBIE
     * @param threads the ids of its threads, its own among them
     * @param uid its effective user; null for one that had ended
     * @param gid its effective group; null for one that had ended
     * @param capabilities its permitted capabilities
     * @param seccomp DISABLED, STRICT or FILTER
     * @param memory null for one that had ended
     * @param executable the path of what it executes
     * @param descriptorTable the id of its descriptor table; null for one that had ended
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Process(
            int pid,
            int parent,
            int group,
            int session,
            @Nullable String name,
            String state,
            List<Integer> threads,
            @Nullable Long uid,
            @Nullable Long gid,
            List<String> capabilities,
            boolean noNewPrivileges,
            String seccomp,
            @Nullable String securityProfile,
            @Nullable Memory memory,
            @Nullable String executable,
            @Nullable Long descriptorTable) {
        public Process {
            threads = List.copyOf(threads);
            capabilities = List.copyOf(capabilities);
        }
    }

    /** A descriptor table, which several processes may share. */
    public record DescriptorTable(long id, List<Descriptor> descriptors) {
        public DescriptorTable {
            descriptors = List.copyOf(descriptors);
        }
    }

    /** A descriptor: its number and the id of the open file behind it. */
    public record Descriptor(long number, long file) {}

    /**
     * An open file.
     *
     * @param kind such as {@code file}, {@code device}, {@code pipe}, {@code tcp}, {@code unix}, {@code eventfd}
     * @param path its path or name; null if it has none
     * @param size in bytes; null if not known
     * @param deleted what became of a file whose path no longer led to it; null for others
     * @param socket what a socket has beyond that; null for other files
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record File(
            long id,
            String kind,
            @Nullable String path,
            @Nullable Long size,
            @Nullable Deletion deleted,
            @Nullable Socket socket) {}

    /** What became of an open file whose path no longer led to it. */
    public enum Deletion {
        /** Its content is in the dump. */
        KEPT,
        /** It has another name on the source's file system, made by CRIU. */
        LINKED,
        /** It belonged to /proc of a process that had ended. */
        PROCESS
    }

    /**
     * A socket.
     *
     * @param state such as {@code ESTABLISHED} or {@code LISTEN}
     * @param local address and port; null in the Unix domain
     * @param remote address and port; null if not connected and in the Unix domain
     * @param peer where the other end of a connection is; null if not connected
     * @param received bytes that came in and were not read; null unless dumped
     * @param sent bytes that went out and were not acknowledged; null unless dumped
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Socket(
            String type,
            String state,
            @Nullable String local,
            @Nullable String remote,
            @Nullable Peer peer,
            @Nullable Long received,
            @Nullable Long sent) {}

    /** Where the other end of a connection is. */
    public enum Peer {
        /** In the dump. */
        DUMP,
        /** On the pod's loopback interface, but not in the dump: another container of the pod. */
        POD,
        /** Elsewhere. */
        OUTSIDE
    }

    /**
     * A mount.
     *
     * @param target where, an absolute path in the container
     * @param source what was mounted
     * @param external whether a restore must supply the content
     * @param key under which CRIU asks for it; null if it does not
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Mount(
            String target,
            String fileSystem,
            String source,
            boolean external,
            @Nullable String key) {}

    /**
     * Something in the way of a restore.
     *
     * @param what the fact, with the process or file it is about
     * @param remedy what to do about it
     */
    public record Hindrance(Severity severity, String what, String remedy) {}

    /** How much a hindrance hinders. */
    public enum Severity {
        /** A restore fails, or what it restores does not work. */
        BLOCKS,
        /** A restore works if something outside the checkpoint is as it should be. */
        WARNS
    }
}
