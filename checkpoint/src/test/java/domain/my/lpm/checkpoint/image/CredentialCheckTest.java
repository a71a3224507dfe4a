package domain.my.lpm.checkpoint.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import domain.my.lpm.checkpoint.image.proto.CoreEntry;
import domain.my.lpm.checkpoint.image.proto.CredentialsEntry;
import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import domain.my.lpm.checkpoint.image.proto.SeccompEntry;
import domain.my.lpm.checkpoint.image.proto.SeccompFilterEntry;
import domain.my.lpm.checkpoint.image.proto.TaskCoreEntry;
import domain.my.lpm.checkpoint.image.proto.ThreadCoreEntry;
import domain.my.lpm.checkpoint.image.proto.TreeEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialCheckTest {
    private static final int ALIVE = 1;
    private static final int ZOMBIE = 6;
    private static final CapabilitySet DEFAULT = CapabilitySet.of(
            Capability.CAP_CHOWN, Capability.CAP_SETUID, Capability.CAP_SETGID, Capability.CAP_NET_BIND_SERVICE);
    private static final Grant ROOT = new Grant(DEFAULT, OptionalLong.of(0), Set.of(0L), false, false);
    private static final Grant RESTRICTED =
            new Grant(CapabilitySet.NONE, OptionalLong.of(1000), Set.of(1000L, 2000L), true, true);

    private final Path directory;
    private final List<TreeEntry> tree = new ArrayList<>();

    CredentialCheckTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void acceptsWhatEqualsTheGrant() {
        process(1, ALIVE, "sh", creds(0).addCapPrm((int) DEFAULT.mask()).addCapBnd((int) DEFAULT.mask()), 0);

        assertThat(violations(ROOT)).isEmpty();
    }

    @Test
    void namesTheCapabilitiesBeyondTheGrantAndTheSetsTheyAreIn() {
        process(
                1,
                ALIVE,
                "sh",
                creds(0).addCapPrm(1 << 21)
                        .addCapEff(1 << 21)
                        .addCapInh(0)
                        .addCapInh(1 << 8)
                        .addCapAmb(1),
                0);

        assertThat(violations(ROOT))
                .containsExactly(
                        "process 1 (sh): it has CAP_SYS_ADMIN in its permitted, effective set, which the target container was"
                                + " not granted; add them to the target container's securityContext.capabilities, or refuse"
                                + " the checkpoint",
                        "process 1 (sh): it has CAP_CHECKPOINT_RESTORE in its inheritable set, which the target container"
                                + " was not granted; add them to the target container's securityContext.capabilities, or"
                                + " refuse the checkpoint");
    }

    @Test
    void checksTheBoundingAndTheAmbientSet() {
        process(1, ALIVE, "sh", creds(0).addCapBnd(-1).addCapBnd(-1), 0);
        process(2, ALIVE, "sh", creds(0).addCapAmb(1 << 13), 0);

        assertThat(violations(ROOT)).hasSize(2);
        assertThat(violations(ROOT).get(0))
                .contains("process 1 (sh)", "CAP_63 in its bounding set")
                .doesNotContain("CAP_CHOWN");
        assertThat(violations(ROOT).get(1)).contains("process 2 (sh)", "CAP_NET_RAW in its ambient set");
    }

    @Test
    void letsAProcessOfAContainerThatMayChangeItsUserHaveAny() {
        process(1, ALIVE, "sh", creds(33), 0);

        assertThat(violations(ROOT)).isEmpty();
        assertThat(violations(new Grant(DEFAULT, OptionalLong.of(1000), Set.of(1000L), false, false)))
                .isEmpty();
        assertThat(violations(new Grant(CapabilitySet.NONE, OptionalLong.empty(), Set.of(), false, false)))
                .isEmpty();
    }

    @Test
    void holdsUsersAndGroupsAgainstAContainerThatCannotChangeThem() {
        process(1, ALIVE, "sh", restricted(1000).setSuid(0), 2);
        process(2, ALIVE, "sh", restricted(1000).setFsuid(5).setEuid(7), 2);
        process(3, ALIVE, "sh", restricted(1000).addGroups(2000).addGroups(27), 2);
        process(4, ALIVE, "sh", restricted(1000).setFsgid(-1), 2);

        assertThat(violations(RESTRICTED))
                .containsExactly(
                        "process 1 (sh): it runs as user 0 where the target container runs as 1000 and cannot change it;"
                                + " set runAsUser on both containers alike, or refuse the checkpoint",
                        "process 2 (sh): it runs as user 5, 7 where the target container runs as 1000 and cannot change"
                                + " it; set runAsUser on both containers alike, or refuse the checkpoint",
                        "process 3 (sh): it runs with group 27 where the target container has 1000, 2000 and cannot"
                                + " change them; set runAsGroup, fsGroup and supplementalGroups on both pods alike, or"
                                + " refuse the checkpoint",
                        "process 4 (sh): it runs with group 4294967295 where the target container has 1000, 2000 and"
                                + " cannot change them; set runAsGroup, fsGroup and supplementalGroups on both pods alike,"
                                + " or refuse the checkpoint");
    }

    @Test
    void holdsUsersAgainstARootThatCannotChangeThem() {
        process(1, ALIVE, "sh", creds(33), 0);

        assertThat(violations(new Grant(CapabilitySet.NONE, OptionalLong.of(0), Set.of(0L), false, false)))
                .hasSize(2)
                .allMatch(text -> text.contains("33 where the target container"));
    }

    @Test
    void wantsNoNewPrivilegesAndTheFilterOfEveryThread() {
        filters(0);
        process(1, ALIVE, "java", restricted(1000), 2);
        thread(11, restricted(1000).setNoNewPrivs(0), 2);
        thread(12, restricted(1000), 1);
        for (int id = 13; id < 17; id++) {
            thread(id, restricted(1000), 0);
        }

        assertThat(violations(RESTRICTED))
                .containsExactly(
                        "process 1 (java), thread 11: it may gain privileges by exec, which the target container may not;"
                                + " set allowPrivilegeEscalation on both containers alike, or refuse the checkpoint",
                        "process 1 (java), threads 12, 13, 14 and 2 more: it runs without a system call filter, which the"
                                + " target container has; set seccompProfile on both containers alike, or refuse the"
                                + " checkpoint");
    }

    @Test
    void knowsThatCriuWritesAFilterOfAllThreadsDownForTheFirstAlone() {
        filters(0, 1);
        process(1, ALIVE, "java", restricted(1000), 2, 1);
        thread(11, restricted(1000), 0);
        thread(12, restricted(1000), 1);
        process(2, ALIVE, "redis", restricted(1000), 2, 0);
        thread(21, restricted(1000), 0);

        assertThat(violations(RESTRICTED))
                .containsExactly(
                        "process 1 (java), thread 12: it runs without a system call filter, which the target container"
                                + " has; set seccompProfile on both containers alike, or refuse the checkpoint",
                        "process 2 (redis), thread 21: it runs without a system call filter, which the target container"
                                + " has; set seccompProfile on both containers alike, or refuse the checkpoint");
    }

    @Test
    void refusesAFilterThatTheDumpDoesNotHave() {
        filters(1);
        process(1, ALIVE, "java", restricted(1000), 2, 1);
        thread(11, restricted(1000), 0);

        assertThatThrownBy(() -> violations(RESTRICTED))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("seccomp.img: thread 1 has the filter 1 of 1; refuse the checkpoint");
    }

    @Test
    void passesOverAZombieAndNothingElse() {
        process(1, ALIVE, "sh", restricted(1000), 2);
        process(2, ZOMBIE, "gone", null, 0);
        process(3, ALIVE, "bare", null, 2);

        assertThat(violations(RESTRICTED))
                .containsExactly(
                        "process 3 (bare): the dump does not say with which credentials it runs; take the checkpoint"
                                + " with CRIU 4.2 or newer");
    }

    @Test
    void refusesAProcessThatIsNotAmongItsOwnThreads() {
        process(1, ALIVE, "sh", creds(0), 0);
        thread(5, creds(0), 0);
        tree.set(0, tree.get(0).toBuilder().clearThreads().addThreads(5).build());

        assertThatThrownBy(() -> violations(ROOT))
                .isInstanceOf(ImageFormatException.class)
                .hasMessage("pstree.img: process 1 is not among its own threads; refuse the checkpoint");
    }

    @Test
    void passesOverTheThreadOfAZombieWhichCriuLeavesUnset() {
        process(1, ALIVE, "sh", restricted(1000), 2);
        process(2, ZOMBIE, "gone", null, 0);
        tree.set(1, tree.get(1).toBuilder().addThreads(723060256).build());

        assertThat(violations(RESTRICTED)).isEmpty();
    }

    @Test
    void showsNoControlCharactersOfANameFromTheDump() {
        process(1, ALIVE, "a\u001b[2Jb\nok", creds(0).addCapEff(1 << 21), 0);

        assertThat(violations(ROOT)).singleElement().asString().startsWith("process 1 (a\\u001b[2Jb\\u000aok): ");
    }

    @Test
    void refusesADumpWithoutTheCoreOfAThread() throws Exception {
        process(1, ALIVE, "sh", creds(0), 0);
        thread(9, creds(0), 0);
        Files.delete(directory.resolve("core-9.img"));

        assertThatThrownBy(() -> violations(ROOT))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageStartingWith("core-9.img: the image of the task core is missing or not a regular file; ");
    }

    @Test
    void readsTheGrantOfAProcessFromItsStatus() throws Exception {
        Grant grant = Grant.ofProcessStatus("""
                Name:\tpause
                Uid:\t1000\t1000\t1000\t1000
                Gid:\t1001\t1001\t1001\t1001
                Groups:\t2000 3000\s
                CapBnd:\t00000000000005fb
                NoNewPrivs:\t1
                Seccomp:\t2
                Seccomp_filters:\t1
                """);

        assertThat(grant)
                .isEqualTo(new Grant(
                        new CapabilitySet(0x5fb), OptionalLong.of(1000), Set.of(1001L, 2000L, 3000L), true, true));
        assertThat(Grant.ofProcessStatus(Files.readString(Path.of("/proc/self/status")))
                        .uid())
                .hasValue(((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue());
    }

    @Test
    void saysWhichFieldOfAStatusIsMissingOrWrong() {
        assertThatThrownBy(() -> Grant.ofProcessStatus("Gid:\t0\t0\t0\t0\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the status of the container's first process has no field Groups; read /proc/<pid>/status on"
                                + " Linux 4.10 or newer, whole");
        assertThatThrownBy(() -> Grant.ofProcessStatus("Gid:\tx\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the status of the container's first process has Gid 'x', which is no number; read"
                        + " /proc/<pid>/status, whole");
    }

    private List<String> violations(Grant grant) {
        write(
                "inventory.img",
                ImageKind.INVENTORY,
                InventoryEntry.newBuilder().setImgVersion(2).build());
        new ImageFile<>("pstree.img", ImageKind.PROCESS_TREE, tree).writeTo(directory);
        return CredentialCheck.violations(CriuImages.open(directory), grant);
    }

    /** With these flags. */
    private void filters(int... flags) {
        SeccompEntry.Builder filters = SeccompEntry.newBuilder();
        for (int each : flags) {
            filters.addSeccompFilters(
                    SeccompFilterEntry.newBuilder().setFilter(ByteString.EMPTY).setFlags(each));
        }
        write("seccomp.img", ImageKind.SECCOMP, filters.build());
    }

    private void process(int pid, int state, String name, CredentialsEntry.@Nullable Builder creds, int seccomp) {
        process(pid, state, name, creds, seccomp, 0);
    }

    private void process(
            int pid, int state, String name, CredentialsEntry.@Nullable Builder creds, int seccomp, int filter) {
        TreeEntry.Builder entry = TreeEntry.newBuilder()
                .setPid(pid)
                .setPpid(pid == 1 ? 0 : 1)
                .setPgid(1)
                .setSid(1);
        tree.add(state == ZOMBIE ? entry.build() : entry.addThreads(pid).build());
        CoreEntry.Builder core = core(creds, seccomp, filter)
                .setTc(TaskCoreEntry.newBuilder()
                        .setTaskState(state)
                        .setExitCode(0)
                        .setBlkSigset(0)
                        .setComm(name));
        write("core-" + pid + ".img", ImageKind.CORE, core.build());
    }

    private void thread(int id, CredentialsEntry.Builder creds, int seccomp) {
        int last = tree.size() - 1;
        tree.set(last, tree.get(last).toBuilder().addThreads(id).build());
        write("core-" + id + ".img", ImageKind.CORE, core(creds, seccomp, 0).build());
    }

    private static CoreEntry.Builder core(CredentialsEntry.@Nullable Builder creds, int seccomp, int filter) {
        ThreadCoreEntry.Builder thread =
                ThreadCoreEntry.newBuilder().setSeccompMode(seccomp).setSeccompFilter(filter);
        if (creds != null) {
            thread.setCreds(creds);
        }
        return CoreEntry.newBuilder().setMtype(1).setThreadCore(thread);
    }

    private static CredentialsEntry.Builder creds(int id) {
        return CredentialsEntry.newBuilder()
                .setUid(id)
                .setGid(id)
                .setEuid(id)
                .setEgid(id)
                .setSuid(id)
                .setSgid(id)
                .setFsuid(id)
                .setFsgid(id)
                .setSecbits(0);
    }

    private static CredentialsEntry.Builder restricted(int id) {
        return creds(id).setNoNewPrivs(1);
    }

    private <E extends MessageLite> void write(String name, ImageKind<E> kind, E entry) {
        new ImageFile<>(name, kind, List.of(entry)).writeTo(directory);
    }
}
