package domain.my.lpm.checkpoint.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.image.DeletedFile;
import domain.my.lpm.checkpoint.image.Inventory;
import domain.my.lpm.checkpoint.image.MemoryLayout;
import domain.my.lpm.checkpoint.image.OpenFile;
import domain.my.lpm.checkpoint.image.ProcessNode;
import domain.my.lpm.checkpoint.image.TaskCore.Architecture;
import domain.my.lpm.checkpoint.image.Terminal;
import domain.my.lpm.checkpoint.inspect.Inspection.Memory;
import domain.my.lpm.checkpoint.inspect.Inspection.Peer;
import domain.my.lpm.checkpoint.inspect.Inspection.Socket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HindrancesTest {
    private final Hindrances hindrances = new Hindrances();

    @Test
    void seesADumpWithoutTheIdsOfTheRoot() {
        hindrances.ofInventory(new Inventory(1, true, null, Inventory.SecurityModule.NONE, 0, false, null));

        assertFound(
                "BLOCKS: the images are of version 1; take the checkpoint with CRIU 4.2 or newer, which writes version 2",
                "BLOCKS: the dump does not name the UTS and IPC namespaces of CRIU's caller; take the checkpoint with CRIU"
                        + " 4.2 or newer");
    }

    @Test
    void seesMixedMachinesAndASessionFromOutside() {
        hindrances.ofRoot(new ProcessNode(7, 0, 7, 1, List.of(7)));
        hindrances.ofArchitectures(EnumSet.of(Architecture.X86_64, Architecture.AARCH64));

        assertFound(
                "BLOCKS: the registers of its processes are of [X86_64, AARCH64]; take the checkpoint again on a machine"
                        + " that CRIU 4.2 supports",
                "WARNS: the first process, 7, is not the leader of its session; restore with CRIU's option shell-job, or"
                        + " start the application by setsid");
    }

    @Test
    void seesATerminalWhoseOtherSideIsOutside() {
        hindrances.ofTerminals(
                List.of(
                        new Terminal(1, Terminal.Kind.PSEUDO, 0, true, 0),
                        new Terminal(2, Terminal.Kind.PSEUDO, 0, false, 1),
                        new Terminal(3, Terminal.Kind.PSEUDO, 4, false, 1),
                        new Terminal(4, Terminal.Kind.CONTROLLING, -1, false, 1),
                        new Terminal(5, Terminal.Kind.SERIAL, -1, false, 0)),
                false);

        assertFound(
                "BLOCKS: the other side of the terminal /dev/pts/4 is outside the dump; set tty: false in the pod, and end"
                        + " kubectl exec --tty before the checkpoint",
                "BLOCKS: terminal 5 is not a pseudo terminal of the container (SERIAL); set tty: false in the pod, and give"
                        + " it no terminal device");
    }

    @Test
    void seesDevicesAndIoUring() {
        for (String path : List.of("anon_inode:[io_uring]", "/dev/nvidia0", "/dev/null", "/dev/fuse")) {
            hindrances.ofFile(new OpenFile.RegularFile(1, path, -1, 0020666, 1, false), Set.of());
        }
        hindrances.ofFile(new OpenFile.RegularFile(1, "/data/log", -1, 0100644, 1, false), Set.of());

        assertFound(
                "BLOCKS: an io_uring is open; make the application use another way of I/O: CRIU cannot restore an io_uring",
                "BLOCKS: the device /dev/nvidia0 is open; stop using the device before the checkpoint, or give CRIU the"
                        + " device's plug-in on both nodes",
                "WARNS: the device /dev/fuse is open; give the target pod the same device");
    }

    @Test
    void seesWatchesOnAnOverlayAlone() {
        hindrances.ofFile(
                new OpenFile.Inotify(1, List.of(new OpenFile.Watch(5, 77, null), new OpenFile.Watch(6, 78, "/data"))),
                Set.of(5L));

        assertFound("WARNS: inotify watches inode 77 on an overlay file system; watch a file on a volume, or take the"
                + " checkpoint with CRIU's option force-irmap");
    }

    @Test
    void seesConnectionsThatLeaveTheDump() throws UnknownHostException {
        OpenFile.InetSocket outside = tcp("10.1.2.3", 1);
        hindrances.ofSocket(outside, shown("10.1.2.3:80", "10.9.9.9:5", Peer.OUTSIDE), true);
        hindrances.ofSocket(tcp("127.0.0.1", 1), shown("127.0.0.1:80", "127.0.0.1:5", Peer.POD), false);
        hindrances.ofSocket(tcp("127.0.0.1", 1), shown("127.0.0.1:80", "127.0.0.1:6", Peer.DUMP), false);
        hindrances.ofSocket(
                tcp("10.1.2.3", 10), new Socket("STREAM", "LISTEN", "10.1.2.3:80", null, null, null, null), true);
        hindrances.ofSocket(
                new OpenFile.UnixSocket(1, 9, 1, 1, "/run/a\u001b", 10, false, false),
                new Socket("STREAM", "ESTABLISHED", null, null, Peer.OUTSIDE, null, null),
                false);

        assertFound(
                "BLOCKS: the Unix socket /run/a\\u001b is connected to a process outside the dump; close the connection"
                        + " before the checkpoint, or let the application connect anew",
                "WARNS: the TCP connection from 10.1.2.3:80 to 10.9.9.9:5 leads out of the pod and will be closed; let the"
                        + " application connect anew",
                "WARNS: the TCP connection from 127.0.0.1:80 to 127.0.0.1:5 leads out of the container and will be reset"
                        + " unless the target has the same address; let the application connect anew, or restore with"
                        + " tcp: Fail to be asked first",
                "WARNS: a socket (tcp) is bound to 10.1.2.3:80, an address of the source pod, and will be bound to the"
                        + " target's; see that nobody relies on the old address");
    }

    @Test
    void seesMemoryThatIsNotHere() {
        hindrances.ofMissingPages(new Memory(0, 0, 0, 4096, 4096), false);
        hindrances.ofMappings(
                new ProcessNode(1, 0, 1, 1, List.of(1)),
                "sh",
                new MemoryLayout(0, List.of(new MemoryLayout.Area(4096, 3, 1 << 10))));

        assertFound(
                "BLOCKS: part of the memory is still with the source; restore while the source serves its pages, or take a"
                        + " checkpoint without lazy pages",
                "BLOCKS: part of the memory is in the images of an earlier dump, which are not here; fetch them too, into"
                        + " the directory parent beside the images",
                "BLOCKS: process 1 (sh) has System V shared memory attached; use POSIX shared memory or a memory file:"
                        + " System V objects stay with the source pod");
    }

    @Test
    void seesLinksThatCriuLeftOnTheSource() {
        hindrances.ofDeletedFile(
                new OpenFile.RegularFile(1, "/data/gone", -1, 0100644, 1, false),
                new DeletedFile(1, DeletedFile.How.LINKED, 0));
        hindrances.ofDeletedFile(
                new OpenFile.RegularFile(2, "/data/small", -1, 0100644, 1, false),
                new DeletedFile(2, DeletedFile.How.KEPT, 1 << 20));

        assertFound(
                "WARNS: the open file /data/gone has only a name that CRIU gave it on the source's file system; carry"
                        + " that file system over with the checkpoint, the links of CRIU (link_remap.*) included");
    }

    private void assertFound(String... expected) {
        assertThat(hindrances.sorted())
                .extracting(found -> found.severity() + ": " + found.what() + "; " + found.remedy())
                .containsExactly(expected);
    }

    private static OpenFile.InetSocket tcp(String local, int state) throws UnknownHostException {
        InetAddress address = InetAddress.getByName(local);
        return new OpenFile.InetSocket(1, 2, 1, 6, state, address, 80, address, state == 1 ? 5 : 0);
    }

    private static Socket shown(String local, String remote, Peer peer) {
        return new Socket("STREAM", "ESTABLISHED", local, remote, peer, 0L, 0L);
    }
}
