package domain.my.lpm.checkpoint.repository;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Archives built by hand in the shapes that the runtimes give them. */
final class Checkpoints {
    static final SigningKey KEY = SigningKey.generate();
    static final TrustedKeys KEYS = TrustedKeys.of(List.of(KEY.publicPem()));
    static final Owner OWNER = new Owner("shop", "counter-0", "counter");
    static final Expected EXPECTED = new Expected(OWNER, "amd64");
    static final CheckpointUri URI = new CheckpointUri("8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10", "hop-1", "counter");
    static final Provenance PROVENANCE = new Provenance(
            OWNER, "amd64", "6.12.0", "4.1.1", "launcher", Instant.parse("2026-01-02T03:04:05Z"), Map.of("hop", "1"));

    private Checkpoints() {}

    /** Bytes as memory has them: some runs, some noise. */
    static byte[] memory(int length, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[length];
        for (int page = 0; page < length; page += 4096) {
            byte[] noise = new byte[random.nextInt(2048)];
            random.nextBytes(noise);
            System.arraycopy(noise, 0, bytes, page, Math.min(noise.length, length - page));
        }
        return bytes;
    }

    static Map<String, byte[]> crio() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("checkpoint/inventory.img", memory(70, 1));
        files.put("checkpoint/core-1.img", memory(1500, 2));
        files.put("checkpoint/pages-1.img", memory((9 << 20) + 4096, 3));
        files.put("checkpoint/empty.img", new byte[0]);
        files.put("checkpoint/pages-2.img", memory(4 << 20, 4));
        files.put("config.dump", text("{\"id\":\"1\",\"name\":\"k8s_counter\",\"rootfsImageName\":\"counter:1\"}"));
        files.put(
                "spec.dump",
                text("{\"ociVersion\":\"1.2.0\",\"process\":{\"args\":[\"a\"]},\"annotations\":{"
                        + "\"io.kubernetes.cri-o.ContainerType\":\"container\","
                        + "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.name\":\"counter-0\","
                        + "\"io.kubernetes.container.name\":\"counter\"}}"));
        files.put("bind.mounts", text("[]"));
        files.put("rootfs-diff.tar", memory(20000, 5));
        files.put("deleted.files", text("[\"etc/gone\"]"));
        files.put("stats-dump", memory(300, 6));
        files.put("dump.log", text("(00.000001) done\n"));
        return files;
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] tar(String prefix, Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            tar.putArchiveEntry(new TarArchiveEntry(prefix + "checkpoint/"));
            tar.closeArchiveEntry();
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(prefix + file.getKey());
                entry.setSize(file.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(file.getValue());
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(plain);
        }
        return bytes.toByteArray();
    }

    static Path write(Path file, byte[] bytes) throws IOException {
        return Files.write(file, bytes);
    }
}
