package domain.my.lpm.checkpoint.inspect;

import domain.my.lpm.checkpoint.image.Printable;
import domain.my.lpm.checkpoint.inspect.Inspection.Container;
import domain.my.lpm.checkpoint.inspect.Inspection.Descriptor;
import domain.my.lpm.checkpoint.inspect.Inspection.DescriptorTable;
import domain.my.lpm.checkpoint.inspect.Inspection.Dump;
import domain.my.lpm.checkpoint.inspect.Inspection.File;
import domain.my.lpm.checkpoint.inspect.Inspection.Hindrance;
import domain.my.lpm.checkpoint.inspect.Inspection.Memory;
import domain.my.lpm.checkpoint.inspect.Inspection.Mount;
import domain.my.lpm.checkpoint.inspect.Inspection.Process;
import domain.my.lpm.checkpoint.inspect.Inspection.Socket;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An inspection for people. Text from the dump cannot steer the terminal; long lists and lines are cut and say so. */
public final class InspectionText {
    private static final int LONGEST_LIST = 200;
    private static final int LONGEST_LINE = 400;
    private static final int DEEPEST_INDENT = 40;
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private final StringBuilder text = new StringBuilder();
    private final Inspection inspection;

    private InspectionText(Inspection inspection) {
        this.inspection = inspection;
    }

    /** The inspection as a text of several lines; equal inspections make equal texts. */
    public static String of(Inspection inspection) {
        return new InspectionText(inspection).text();
    }

    private String text() {
        dump(inspection.dump());
        if (inspection.container() != null) {
            container(inspection.container());
        }
        line("Memory: " + memory(inspection.memory()));
        processes();
        openFiles();
        mounts();
        hindrances();
        return text.toString();
    }

    private void dump(Dump dump) {
        line("Dump: images of version " + dump.imageVersion() + ", " + dump.architecture() + ", security module "
                + dump.securityModule() + ", TCP connections " + (dump.tcpClosed() ? "closed" : "kept")
                + (dump.runId() == null ? "" : ", CRIU run " + dump.runId()));
    }

    private void container(Container container) {
        line("Container: " + orUnknown(container.name()) + " of pod " + orUnknown(container.namespace()) + "/"
                + orUnknown(container.pod()) + ", image " + orUnknown(container.image()) + ", runtime "
                + orUnknown(container.runtime())
                + (container.checkpointed() == null ? "" : ", checkpointed " + container.checkpointed()));
        if (!container.command().isEmpty()) {
            line("Command: " + String.join(" ", container.command()));
        }
    }

    private static String orUnknown(@Nullable String value) {
        return value == null ? "(unknown)" : value;
    }

    private void processes() {
        heading("Processes", inspection.processes().size());
        Map<Integer, Integer> depths = new HashMap<>();
        int shown = 0;
        for (Process process : inspection.processes()) {
            int depth = depths.getOrDefault(process.parent(), -1) + 1;
            depths.put(process.pid(), depth);
            if (shown++ < LONGEST_LIST) {
                process(process, depth);
            }
        }
        cut(shown);
    }

    private void process(Process process, int depth) {
        StringBuilder line = new StringBuilder("  ").append("  ".repeat(Math.min(depth, DEEPEST_INDENT)));
        line.append(process.pid()).append(' ').append(orUnknown(process.name()));
        line.append(", ").append(process.state().toLowerCase(Locale.ROOT));
        if (process.threads().size() > 1) {
            line.append(", ").append(process.threads().size()).append(" threads");
        }
        if (process.uid() != null) {
            line.append(", user ").append(process.uid()).append(':').append(process.gid());
            line.append(process.capabilities().isEmpty() ? ", no capabilities" : "");
        }
        line.append(process.noNewPrivileges() ? ", no new privileges" : "");
        line.append(
                process.seccomp().equals("DISABLED")
                        ? ""
                        : ", seccomp " + process.seccomp().toLowerCase(Locale.ROOT));
        if (process.executable() != null) {
            line.append(", ").append(process.executable());
        }
        if (process.memory() != null) {
            line.append(", ").append(memory(process.memory()));
        }
        line(line.toString());
    }

    private static String memory(Memory memory) {
        return size(memory.dumped()) + " private and " + size(memory.shared()) + " shared of " + size(memory.mapped())
                + " mapped" + (memory.absent() == 0 ? "" : ", " + size(memory.absent()) + " still with the source")
                + (memory.inParent() == 0 ? "" : ", " + size(memory.inParent()) + " in an earlier dump");
    }

    /** A number of bytes in the largest binary unit of which it has at least one, cut to one decimal. */
    static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        // Cutting, not rounding: 1023.99 KiB must not become 1024.0 KiB.
        long tenths = (bytes >>> (unit - 1) * 10) * 10 >>> 10;
        return tenths / 10 + "." + tenths % 10 + " " + UNITS[unit - 1];
    }

    private void openFiles() {
        Map<Long, File> files = new LinkedHashMap<>();
        inspection.files().forEach(file -> files.put(file.id(), file));
        Map<Long, String> owners = new HashMap<>();
        for (Process process : inspection.processes()) {
            if (process.descriptorTable() != null) {
                owners.merge(process.descriptorTable(), "" + process.pid(), (some, more) -> shortened(some, more));
            }
        }
        int tables = 0;
        for (DescriptorTable table : inspection.descriptorTables()) {
            if (tables++ < LONGEST_LIST) {
                heading(
                        "Open files of process " + owners.get(table.id()),
                        table.descriptors().size());
                descriptors(table.descriptors(), files);
            }
        }
        cut(tables);
    }

    private static String shortened(String some, String more) {
        return some.endsWith("...") ? some : some.length() > 60 ? some + ", ..." : some + ", " + more;
    }

    private void descriptors(List<Descriptor> descriptors, Map<Long, File> files) {
        descriptors.stream().limit(LONGEST_LIST).forEach(descriptor -> {
            File file = files.get(descriptor.file());
            line("  " + descriptor.number() + " " + (file == null ? "(not in the dump)" : file(file)));
        });
        cut(descriptors.size());
    }

    private static String file(File file) {
        StringBuilder line = new StringBuilder(file.kind());
        if (file.path() != null) {
            line.append(' ').append(file.path());
        }
        Socket socket = file.socket();
        if (socket != null) {
            line.append(' ').append(socket.state().toLowerCase(Locale.ROOT));
            line.append(socket.local() == null ? "" : " " + socket.local());
            line.append(socket.remote() == null ? "" : " -> " + socket.remote());
            line.append(
                    socket.peer() == null
                            ? ""
                            : ", peer in the " + socket.peer().name().toLowerCase(Locale.ROOT));
            if (socket.received() != null) {
                line.append(", ")
                        .append(socket.received())
                        .append(" B unread, ")
                        .append(socket.sent())
                        .append(" B unacknowledged");
            }
        }
        line.append(file.size() == null ? "" : ", " + size(file.size()));
        if (file.deleted() != null) {
            line.append(
                    switch (file.deleted()) {
                        case KEPT -> ", deleted, content in the dump";
                        case LINKED -> ", deleted, linked on the source";
                        case PROCESS -> ", of a process that had ended";
                    });
        }
        return line.toString();
    }

    private void mounts() {
        heading("Mounts", inspection.mounts().size());
        inspection.mounts().stream().limit(LONGEST_LIST).forEach(mount -> line("  " + mount(mount)));
        cut(inspection.mounts().size());
    }

    private static String mount(Mount mount) {
        return mount.target() + " " + mount.fileSystem() + (mount.external() ? ", external" : "")
                + (mount.key() == null ? "" : " as " + mount.key());
    }

    private void hindrances() {
        heading("Hindrances", inspection.hindrances().size());
        for (Hindrance hindrance :
                inspection.hindrances().stream().limit(LONGEST_LIST).toList()) {
            line("  " + hindrance.severity() + ": " + hindrance.what() + "; " + hindrance.remedy());
        }
        cut(inspection.hindrances().size());
    }

    private void heading(String title, int count) {
        line(title + " (" + count + "):");
    }

    private void cut(int count) {
        if (count > LONGEST_LIST) {
            line("  ... and " + (count - LONGEST_LIST) + " more; the JSON has all");
        }
    }

    private void line(String line) {
        String shown = Printable.of(line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) + "..." : line);
        text.append(shown).append('\n');
    }
}
