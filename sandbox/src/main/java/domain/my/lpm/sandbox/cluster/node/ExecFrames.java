package domain.my.lpm.sandbox.cluster.node;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * What a kubelet of the sandbox answers to a command: frames of one byte for the stream, four for the length, and the bytes;
 * the last one is of the stream {@link #END} and holds the exit code in four bytes.
 */
public final class ExecFrames {
    static final int OUTPUT = 1;
    static final int ERROR = 2;
    static final int END = 3;

    private ExecFrames() {}

    static void write(DataOutputStream to, int stream, byte[] bytes, int count) throws IOException {
        to.writeByte(stream);
        to.writeInt(count);
        to.write(bytes, 0, count);
        to.flush();
    }

    static void writeEnd(DataOutputStream to, int exitCode) throws IOException {
        synchronized (to) {
            to.writeByte(END);
            to.writeInt(Integer.BYTES);
            to.writeInt(exitCode);
            to.flush();
        }
    }

    /**
     * Copies the streams of a command to where they belong.
     *
     * @return its exit code
     * @throws IOException when the answer breaks off before it
     */
    public static int copy(DataInputStream from, OutputStream output, OutputStream error) throws IOException {
        while (true) {
            int stream = from.readByte();
            int length = from.readInt();
            if (stream == END) {
                return from.readInt();
            }
            OutputStream to = stream == ERROR ? error : output;
            to.write(from.readNBytes(length));
            to.flush();
        }
    }
}
