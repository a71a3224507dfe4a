package domain.my.lpm.launcher.restore;

import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.launcher.criu.Tcp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** TCP connections that were established at the checkpoint: CRIU keeps one file {@code tcp-stream-*.img} for each. */
final class Connections {
    private Connections() {}

    /**
     * @throws RestoreException when the policy refuses connections and the checkpoint has some
     */
    static void refuseBy(Tcp policy, CriuImages images) {
        if (policy != Tcp.FAIL) {
            return;
        }
        int count = 0;
        try (DirectoryStream<Path> streams = Files.newDirectoryStream(images.directory(), "tcp-stream-*.img")) {
            for (Path stream : streams) {
                count += stream.getNameCount() > 0 ? 1 : 0;
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        if (count > 0) {
            throw new RestoreException("the checkpoint holds " + count + " established TCP connection"
                    + (count == 1 ? "" : "s") + " and the policy is to refuse them (tcp: Fail);"
                    + " choose tcp: Close to have them closed, or Established if the target has the source's address");
        }
    }
}
