package domain.my.lpm.sandbox.demo;

import domain.my.lpm.launcher.linux.Processes;
import domain.my.lpm.sandbox.ContainerProcess;
import domain.my.lpm.sandbox.RunningContainer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * A process as it stands at a moment.
 *
 * @param pid its id in its own PID namespace
 * @param depth how many PID namespaces it is in, this machine's included
 * @param name the command's name
 * @param threads how many it has
 * @param residentKib its resident memory in KiB
 * @param stamp the 16 random bytes that the kernel puts into the memory of a process when a program starts, as
 *     hexadecimal digits (AT_RANDOM, getauxval(3)); empty when they cannot be read. They lie nowhere else: a process that
 *     shows the same ones is the same run of the program
 */
record ProcessPicture(int pid, int depth, String name, int threads, long residentKib, String stamp) {
    private static final long AT_RANDOM = 25;
    private static final int STAMP_BYTES = 16;

    /** What the entry, the first process of a prepared container, calls itself: it is not the application. */
    private static final String ENTRY = "lpm-";

    /** The processes of a container's application that are no zombies, oldest first. */
    static List<ProcessPicture> of(RunningContainer container) {
        List<ProcessPicture> pictures = new ArrayList<>();
        for (ContainerProcess process : container.processes()) {
            Map<String, String> status = Processes.status(process.pid());
            List<Integer> ids = Processes.namespaceIds(process.pid());
            if (ids.isEmpty()
                    || process.state() == 'Z'
                    || status.getOrDefault("Name", "").startsWith(ENTRY)) {
                continue;
            }
            pictures.add(new ProcessPicture(
                    ids.get(ids.size() - 1),
                    ids.size(),
                    status.getOrDefault("Name", ""),
                    Integer.parseInt(status.getOrDefault("Threads", "0")),
                    Long.parseLong(status.getOrDefault("VmRSS", "0 kB").split(" ")[0]),
                    stamp(process.pid())));
        }
        return pictures;
    }

    private static String stamp(int pid) {
        Path process = Path.of("/proc/" + pid);
        try (RandomAccessFile memory =
                new RandomAccessFile(process.resolve("mem").toFile(), "r")) {
            ByteBuffer vector =
                    ByteBuffer.wrap(Files.readAllBytes(process.resolve("auxv"))).order(ByteOrder.nativeOrder());
            while (vector.remaining() >= 2 * Long.BYTES) {
                long type = vector.getLong();
                long value = vector.getLong();
                if (type == AT_RANDOM) {
                    byte[] bytes = new byte[STAMP_BYTES];
                    memory.seek(value);
                    memory.readFully(bytes);
                    return HexFormat.of().formatHex(bytes);
                }
            }
            return "";
        } catch (IOException ended) {
            return "";
        }
    }
}
