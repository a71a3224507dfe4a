package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import domain.my.lpm.checkpoint.archive.ArchiveSource;
import domain.my.lpm.checkpoint.archive.CheckpointException;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Ingest;
import domain.my.lpm.checkpoint.repository.Options;
import domain.my.lpm.checkpoint.repository.Owner;
import domain.my.lpm.checkpoint.repository.Provenance;
import domain.my.lpm.checkpoint.repository.SigningKey;
import domain.my.lpm.checkpoint.repository.VolumeArchive;
import domain.my.lpm.launcher.restore.Architecture;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.sandbox.Result;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.migration.Refusals.Tampering;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is not the checkpoint that was signed for this container is refused, and the refusal leaves no trace. */
@Tag("real")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RefusalTest {
    @TempDir
    private static Path images = Path.of("");

    private static Refusals refusals;

    @BeforeAll
    static void open() throws Exception {
        refusals = new Refusals();
        Process tar = new ProcessBuilder(
                        "tar",
                        "-C",
                        images.toString(),
                        "--strip-components=1",
                        "-xf",
                        refusals.checkpoint.archive().toString(),
                        "checkpoint")
                .start();
        assertThat(tar.waitFor()).isZero();
    }

    @AfterAll
    static void close() {
        refusals.close();
    }

    private static Path stored(String name) {
        return refusals.directory(refusals.uri).resolve(name);
    }

    private static CheckpointUri ingest(Owner owner, String architecture) {
        CheckpointUri uri = SourceAgent.uri(refusals.source, refusals.cluster.newId());
        Path copy = images.resolveSibling(images.getFileName() + "-" + uri.checkpointId());
        try {
            Files.createDirectories(copy);
            for (Path file : Files.list(images).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        Ingest.run(
                ArchiveSource.directory(copy, Map.of()),
                refusals.cluster.sandbox.share(),
                uri,
                new Provenance(owner, architecture, "6.18", "4.2.1", "launcher", Instant.now(), Map.of()),
                refusals.cluster.key.signer(),
                Options.of(Form.EXTRACTED));
        return uri;
    }

    private static CheckpointUri ingest() {
        return ingest(SourceAgent.owner(refusals.source), Architecture.ofThisMachine());
    }

    @Test
    void aFlippedBitInMemoryIsFoundBeforeTheProcessesRun() throws IOException {
        try (Tampering pages = new Tampering(stored("images/pages-1.img"))) {
            pages.flip(pages.size() / 2);
            assertThat(refusals.refused(refusals.uri))
                    .contains(refusals.uri.toString(), "checkpoint/pages-1.img", "take the checkpoint again");
        }
    }

    @Test
    void truncatedMemoryIsRefused() throws IOException {
        try (Tampering pages = new Tampering(stored("images/pages-1.img"))) {
            pages.truncate(pages.size() - 4096);
            assertThat(refusals.refused(refusals.uri)).contains("checkpoint/pages-1.img", "take the checkpoint again");
        }
    }

    @Test
    void aFlippedBitInAnImageIsRefused() throws IOException {
        try (Tampering inventory = new Tampering(stored("images/inventory.img"))) {
            inventory.flip(inventory.size() - 2L);
            assertThat(refusals.refused(refusals.uri))
                    .contains(
                            "checkpoint/inventory.img", "the storage or someone changed it; take the checkpoint again");
        }
    }

    @Test
    void aMissingImageIsRefused() throws IOException {
        try (Tampering inventory = new Tampering(stored("images/inventory.img"))) {
            inventory.remove();
            assertThat(refusals.refused(refusals.uri))
                    .contains("checkpoint/inventory.img", "the file is not there; take the checkpoint again");
        }
    }

    @Test
    void aFlippedBitInTheCompressedArchiveIsRefused() throws IOException {
        CheckpointUri compressed = refusals.store(Form.COMPRESSED);
        try (Tampering archive = new Tampering(refusals.directory(compressed).resolve("dump.tar.zst"))) {
            archive.flip(archive.size() / 2);
            assertThat(refusals.refused(compressed))
                    .contains(compressed + "/dump.tar.zst", "does not have the digest that was signed");
            archive.truncate(archive.size() / 2);
            assertThat(refusals.refused(compressed))
                    .contains(compressed + "/dump.tar.zst", "the file is shorter than its manifest says");
        }
    }

    @Test
    void aManifestThatWasChangedAfterSigningIsRefused() throws IOException {
        try (Tampering manifest = new Tampering(stored("manifest.json"))) {
            manifest.flip(manifest.size() / 2);
            assertThat(refusals.refused(refusals.uri))
                    .contains(
                            refusals.uri + ": its signature does not fit its manifest",
                            "refuse the checkpoint and take it again");
        }
    }

    @Test
    void anUnsignedOneIsRefused() throws IOException {
        try (Tampering signature = new Tampering(stored("manifest.sig"))) {
            signature.remove();
            assertThat(refusals.refused(refusals.uri))
                    .isEqualTo(refusals.uri + ": it has no signature; take the checkpoint again with a signing key");
        }
    }

    @Test
    void oneThatAStrangerSignedIsRefused() throws IOException {
        SigningKey stranger = SigningKey.generate();
        byte[] manifest = Files.readAllBytes(stored("manifest.json"));
        try (Tampering signature = new Tampering(stored("manifest.sig"))) {
            signature.write(
                    (stranger.keyId() + " " + Base64.getEncoder().encodeToString(stranger.sign(manifest)) + "\n")
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(refusals.refused(refusals.uri))
                    .isEqualTo(refusals.uri + ": it is signed by the key " + stranger.keyId()
                            + ", which is not trusted; trust the key if it is one of your agents',"
                            + " else refuse the checkpoint");
        }
    }

    @Test
    void aSignedManifestOfAnotherFormIsRefused() throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode changed = (ObjectNode) json.readTree(stored("manifest.json").toFile());
        changed.remove("files");
        byte[] bytes = json.writeValueAsBytes(changed);
        SigningKey key = refusals.cluster.key.signer();
        try (Tampering manifest = new Tampering(stored("manifest.json"));
                Tampering signature = new Tampering(stored("manifest.sig"))) {
            manifest.write(bytes);
            signature.write((key.keyId() + " " + Base64.getEncoder().encodeToString(key.sign(bytes)) + "\n")
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(refusals.refused(refusals.uri))
                    .startsWith(refusals.uri + ": ")
                    .contains("files");
        }
    }

    @Test
    void thatOfAnotherPodIsRefused() {
        CheckpointUri other = ingest(new Owner("default", "another", "counter"), Architecture.ofThisMachine());
        assertThat(refusals.refused(other))
                .isEqualTo(other + ": it was made for default/another/counter, not for default/counter/counter;"
                        + " name a checkpoint of this container");
    }

    @Test
    void thatOfAnotherArchitectureIsRefused() {
        String another = Architecture.ofThisMachine().equals("arm64") ? "amd64" : "arm64";
        CheckpointUri other = ingest(SourceAgent.owner(refusals.source), another);
        assertThat(refusals.refused(other))
                .isEqualTo(other + ": it was made on " + another + ", this node is " + Architecture.ofThisMachine()
                        + "; restore it on a node of its architecture");
    }

    @Test
    void oneThatIsIncompleteOrNotThereIsRefused() throws IOException {
        CheckpointUri none = SourceAgent.uri(refusals.source, "none");
        assertThat(refusals.refused(none)).startsWith(none + ": there is no such checkpoint in the repository");
        try (Tampering mark = new Tampering(stored(".checkpoint-complete"))) {
            mark.remove();
            assertThat(refusals.refused(refusals.uri))
                    .isEqualTo(
                            refusals.uri + ": the checkpoint was never completed; wait until it is, or take it again");
        }
    }

    @Test
    void aSignedImageOfGarbageIsRefused() throws IOException {
        Path inventory = images.resolve("pstree.img");
        try (Tampering image = new Tampering(inventory)) {
            byte[] garbage = Files.readAllBytes(inventory);
            for (int i = 8; i < garbage.length; i++) {
                garbage[i] = (byte) (i * 37 | 0x80);
            }
            image.write(garbage);
            assertThat(refusals.refused(ingest())).startsWith("pstree.img: ").contains("take the checkpoint again");
        }
    }

    @Test
    void aSignedImageThatOnlyCriuReadsIsRefusedByCriu() throws IOException {
        Path file = Files.list(images)
                .filter(path -> path.getFileName().toString().startsWith("mm-"))
                .findFirst()
                .orElseThrow();
        try (Tampering image = new Tampering(file)) {
            byte[] garbage = Files.readAllBytes(file);
            for (int i = 12; i < garbage.length; i++) {
                garbage[i] = (byte) 0xff;
            }
            image.write(garbage);
            assertThat(refusals.refused(ingest())).startsWith("CRIU ended with exit status 1: ");
        }
    }

    @Test
    void aVolumeWithoutAPlaceIsNamed() throws IOException {
        CheckpointUri withVolume = refusals.store(Form.EXTRACTED);
        VolumeArchive.store(
                refusals.sourcePod.volume("data"),
                refusals.cluster.sandbox.share(),
                withVolume.podUid(),
                withVolume.checkpointId(),
                "data",
                refusals.cluster.key.signer());
        assertThat(refusals.refused(withVolume))
                .isEqualTo("the checkpoint holds the volume data, for which no place in the container was named;"
                        + " name it by --volume NAME=PATH");
        assertThat(refusals.refused(withVolume, "--volume", "data=/elsewhere"))
                .isEqualTo("the container has no mount for the volume data at /elsewhere;"
                        + " give the target pod the same volumeMounts as the source");
    }

    /** Found by leaving out one capability after the other. */
    @ParameterizedTest
    @ValueSource(strings = {"SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "SYS_TIME", "SETPCAP"})
    void aLauncherThatLacksACapabilityNamesIt(String capability) {
        assertThat(refusals.refused(
                        refusals.uri,
                        target -> Standby.start(
                                target,
                                SourceAgent.owner(refusals.source),
                                List.of(),
                                List.of("setpriv", "--bounding-set", "-" + capability.toLowerCase(Locale.ROOT)))))
                .isEqualTo("the launcher lacks CAP_" + capability + ", without which it cannot restore; add it to"
                        + " securityContext.capabilities of the container that runs the launcher");
    }

    private interface Entries {
        void write(TarArchiveOutputStream tar) throws IOException;
    }

    private static void assertNotStored(Entries entries, String problem) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            entries.write(tar);
        }
        assertNotStored(bytes, problem);
    }

    private static void assertNotStored(ByteArrayOutputStream bytes, String problem) throws IOException {
        Path archive = Files.write(images.resolveSibling("hostile-" + refusals.cluster.newId()), bytes.toByteArray());
        CheckpointUri uri = SourceAgent.uri(refusals.source, refusals.cluster.newId());
        assertThatThrownBy(() -> Ingest.run(
                        ArchiveSource.tar(archive),
                        refusals.cluster.sandbox.share(),
                        uri,
                        new Provenance(
                                SourceAgent.owner(refusals.source),
                                Architecture.ofThisMachine(),
                                "6.18",
                                null,
                                "cri-o",
                                Instant.now(),
                                Map.of()),
                        refusals.cluster.key.signer(),
                        Options.of(Form.EXTRACTED)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(problem);
        assertThat(refusals.directory(uri)).doesNotExist();
        assertThat(Files.list(refusals.directory(uri).getParent())
                        .filter(path -> path.toString().contains(uri.checkpointId())))
                .isEmpty();
        refusals.assertHeld();
        Files.delete(archive);
    }

    @Test
    void hostileEntriesAreNotEvenStored() throws IOException {
        assertNotStored(
                tar -> {
                    tar.putArchiveEntry(new TarArchiveEntry("checkpoint/../../../etc/cron.d/x", true));
                    tar.closeArchiveEntry();
                },
                "..");
        assertNotStored(
                tar -> {
                    TarArchiveEntry link = new TarArchiveEntry("checkpoint/pages-1.img", TarArchiveEntry.LF_SYMLINK);
                    link.setLinkName("/etc/shadow");
                    tar.putArchiveEntry(link);
                    tar.closeArchiveEntry();
                },
                "checkpoint/pages-1.img");
        assertNotStored(
                tar -> {
                    tar.putArchiveEntry(new TarArchiveEntry("checkpoint/disk", TarArchiveEntry.LF_BLK));
                    tar.closeArchiveEntry();
                },
                "checkpoint/disk");
    }

    @Test
    void anArchiveThatUnpacksToFarMoreThanItIsIsNotEvenStored() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] nothing = new byte[1 << 20];
        int mebibytes = 256;
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            TarArchiveEntry pages = new TarArchiveEntry("checkpoint/pages-1.img");
            pages.setSize((long) mebibytes * nothing.length);
            tar.putArchiveEntry(pages);
            for (int i = 0; i < mebibytes; i++) {
                tar.write(nothing);
            }
            tar.closeArchiveEntry();
        }
        assertNotStored(bytes, "it expands to more than 200 times its size");
    }

    @Test
    void anEntryThatDoesNotWaitIsLeftAlone() {
        Result result = refusals.cluster.source.agent(List.of(
                "restore",
                "--pid",
                Integer.toString(refusals.source.pid()),
                "--namespace",
                "default",
                "--pod",
                "counter",
                "--container",
                "counter",
                "--trusted-keys",
                AgentKey.TRUSTED_KEYS,
                "--checkpoint",
                refusals.uri.toString()));
        assertThat(result.exitCode()).isEqualTo(20);
        assertThat(result.error())
                .contains("is 'busybox' and not an entry that waits for a restore;"
                        + " start the container by 'entry run --standby', as the pod rewrite does");
        refusals.assertHeld();
    }

    @Test
    void aProcessThatDoesNotExistIsNamed() {
        Result result = refusals.cluster.target.agent(List.of(
                "restore",
                "--pid",
                "4000000",
                "--namespace",
                "default",
                "--pod",
                "counter",
                "--container",
                "counter",
                "--checkpoint",
                refusals.uri.toString()));
        assertThat(result.exitCode()).isEqualTo(20);
        assertThat(result.error())
                .contains("error: there is no process 4000000; name the first process of the target container");
        refusals.assertHeld();
    }

    @Test
    void aSecondLauncherLeavesTheContainerToTheFirst() {
        RunningContainer target = refusals.waitingTarget();
        Owner owner = SourceAgent.owner(refusals.source);
        try (Standby first = Standby.start(target, owner, List.of()).awaitReady(Cluster.SOON);
                Standby second = Standby.start(target, owner, List.of())) {
            assertThat(second.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(second.said())
                    .contains("error: another launcher is at work on the container of process " + target.pid()
                            + "; let it finish, or end it and try again");
            assertThat(target.isRunning()).isTrue();
            assertThat(first.releaseFresh().awaitExit(Cluster.SOON)).isEqualTo(10);
        }
    }

    @Test
    void onFailureTheApplicationStartsAnewIfThatIsWanted() throws IOException {
        RunningContainer target = refusals.waitingTarget();
        try (Tampering signature = new Tampering(stored("manifest.sig"));
                Standby standby = Standby.start(
                                target, SourceAgent.owner(refusals.source), List.of("--on-failure", "fresh"))
                        .awaitReady(Cluster.SOON)) {
            signature.remove();
            standby.release(refusals.uri);
            assertThat(standby.awaitOutcome(Cluster.SOON).state()).isEqualTo(State.FRESH);
            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(10);
            String reason = refusals.uri + ": it has no signature; take the checkpoint again with a signing key";
            assertThat(standby.status().message()).isEqualTo(reason);
            assertThat(standby.said()).contains("started anew: " + reason);
        }
        String first = target.awaitLine(line -> true, Cluster.SOON);
        assertThat(first).startsWith("tick 1 ").endsWith("host=counter-restored");
        assertThat(first)
                .isNotEqualTo(refusals.source.output().get(0).replace("host=counter", "host=counter-restored"));
        assertThat(stored(".claimed-by")).doesNotExist();
        refusals.assertHeld();
    }

    /** After all those attempts the checkpoint is as good as ever, for once; and so is the source. */
    @Test
    @Order(Integer.MAX_VALUE)
    void theCheckpointIsRestoredOnceAndTheSourceGoesOn() {
        RunningContainer target = refusals.waitingTarget();
        Owner owner = SourceAgent.owner(refusals.source);
        try (Standby standby = Standby.start(target, owner, List.of()).awaitReady(Cluster.SOON)) {
            standby.release(refusals.uri);
            assertThat(standby.awaitExit(Cluster.SOON)).as(standby.said()).isZero();
        }
        assertThat(target.awaitLine(line -> true, Cluster.SOON)).isEqualTo(refusals.nextLine("counter-restored"));

        RunningContainer again = refusals.waitingTarget();
        try (Standby standby =
                Standby.start(again, owner, List.of("--on-consumed", "fail")).awaitReady(Cluster.SOON)) {
            standby.release(refusals.uri);
            assertThat(standby.awaitExit(Cluster.SOON)).isEqualTo(20);
            assertThat(standby.status().message())
                    .isEqualTo(refusals.uri + ": it has been claimed by '" + refusals.targetPod.uid() + "/"
                            + target.id() + "'; a checkpoint is restored once; take a new one");
        }
        assertThat(again.output()).isEmpty();

        String next = refusals.nextLine("counter");
        refusals.checkpoint.resume();
        assertThat(refusals.source.awaitLine(next::equals, Cluster.SOON)).isEqualTo(next);
    }
}
