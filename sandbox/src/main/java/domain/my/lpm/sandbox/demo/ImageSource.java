package domain.my.lpm.sandbox.demo;

import domain.my.lpm.sandbox.Image;
import domain.my.lpm.sandbox.ImageImport;
import domain.my.lpm.sandbox.Images;
import domain.my.lpm.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.Map;

/** Finds the images that a user names. */
final class ImageSource {
    private ImageSource() {}

    /**
     * The image of this name: one that the sandbox has, by its full name or a short one, or one on a disk.
     *
     * @throws SandboxException when there is none; the message says what there is
     */
    static Image resolve(Images images, String name) {
        int colon = name.indexOf(':');
        Path path = Path.of(name.substring(colon + 1)).toAbsolutePath();
        switch (name.substring(0, Math.max(0, colon))) {
            case "dir":
                return new ImageImport(images).directory(name, path);
            case "oci":
                return new ImageImport(images).layout(name, path);
            case "docker-archive":
                return new ImageImport(images).dockerArchive(name, path);
            default:
                return known(images, name);
        }
    }

    private static Image known(Images images, String name) {
        Map<String, Image> known = Map.of(
                "busybox", images.busybox(),
                "debian", images.debian(),
                "python", images.python(),
                "java", images.java(),
                "eclipse-temurin", images.java());
        Image image = known.get(name.replaceFirst("^docker\\.io/library/", "").replaceFirst(":latest$", ""));
        if (image != null) {
            return image;
        }
        return known.values().stream()
                .filter(each -> each.name().equals(name)
                        || each.name().equals("docker.io/" + name)
                        || each.name().equals("docker.io/library/" + name))
                .findFirst()
                .orElseThrow(() -> new SandboxException("there is no image '" + name
                        + "' here, for there is no registry: take busybox, debian, python or java, or one on a disk"
                        + " (dir:ROOT, oci:LAYOUT, docker-archive:FILE); in a pod's YAML let it stand in: --use " + name
                        + "=debian"));
    }
}
