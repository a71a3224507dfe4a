package domain.my.lpm.checkpoint.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import domain.my.lpm.checkpoint.image.OpenFile.InetSocket;
import domain.my.lpm.checkpoint.image.proto.FileEntry;
import domain.my.lpm.checkpoint.image.proto.InetSocketEntry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketRelocationTest {
    private static final int INET = 2;
    private static final int INET6 = 10;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private final Path directory;

    private final List<FileEntry> entries = new ArrayList<>();

    SocketRelocationTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private void socket(
            int family, int protocol, int state, String local, int localPort, String remote, int remotePort) {
        int id = entries.size() + 1;
        InetSocketEntry entry = InetSocketEntry.newBuilder()
                .setId(id)
                .setIno(id)
                .setFamily(family)
                .setType(protocol == TCP ? 1 : 2)
                .setProto(protocol)
                .setState(state)
                .setSrcPort(localPort)
                .setDstPort(remotePort)
                .setFlags(2)
                .addAllSrcAddr(words(local))
                .addAllDstAddr(words(remote))
                .build();
        entries.add(FileEntry.newBuilder().setType(4).setId(id).setIsk(entry).build());
    }

    private static List<Integer> words(String address) {
        try {
            ByteBuffer bytes =
                    ByteBuffer.wrap(InetAddress.getByName(address).getAddress()).order(ByteOrder.LITTLE_ENDIAN);
            return Stream.generate(bytes::getInt).limit(bytes.capacity() / 4).toList();
        } catch (UnknownHostException error) {
            throw new IllegalArgumentException(error);
        }
    }

    private SocketRelocation relocate(String... target) throws IOException {
        Path images = Path.of("src/main/resources/domain/my/lpm/checkpoint/image/sample/counter");
        for (String name : List.of("inventory.img", "pstree.img", "core-1.img", "core-8.img", "core-23.img")) {
            Files.copy(images.resolve(name), directory.resolve(name));
        }
        new ImageFile<>("files.img", ImageKind.FILES, entries).writeTo(directory);
        List<InetAddress> addresses = new ArrayList<>();
        for (String address : target) {
            addresses.add(InetAddress.getByName(address));
        }
        SocketRelocation relocation = SocketRelocation.of(CriuImages.open(directory), addresses);
        ImageRewrite.write(relocation.changes(), directory);
        return relocation;
    }

    /** The sockets as they are on disk now: local, remote, state. */
    private List<String> result() {
        return CriuImages.open(directory).files().stream()
                .map(InetSocket.class::cast)
                .map(socket -> socket.local() + " " + socket.remote() + " " + socket.state())
                .toList();
    }

    @Test
    void leavesWhatTheTargetCanTakeAsItIs() throws IOException {
        socket(INET, TCP, 10, "0.0.0.0", 80, "0.0.0.0", 0);
        socket(INET, TCP, 10, "10.0.0.9", 81, "0.0.0.0", 0);
        socket(INET, TCP, 1, "127.0.0.1", 80, "127.0.0.1", 4711);
        socket(INET6, TCP, 1, "::1", 80, "::1", 4711);
        socket(INET, UDP, 7, "224.0.0.1", 5353, "0.0.0.0", 0);
        SocketRelocation relocation = relocate("127.0.0.1", "10.0.0.9");
        assertThat(relocation.changes()).isEmpty();
        assertThat(relocation.broken()).isEmpty();
        assertThat(relocation.unplaced()).isEmpty();
    }

    @Test
    void movesWhatWasBoundToTheSourceToTheTargetsAddressOfTheFamily() throws IOException {
        socket(INET, TCP, 10, "10.0.0.1", 80, "0.0.0.0", 0);
        socket(INET6, TCP, 10, "fd00::1", 80, "::", 0);
        socket(INET, UDP, 1, "10.0.0.1", 5000, "10.0.0.53", 53);
        socket(INET, TCP, 1, "10.0.0.1", 80, "10.0.0.1", 4711);
        socket(INET, TCP, 1, "10.0.0.1", 4711, "10.0.0.1", 80);
        SocketRelocation relocation = relocate("127.0.0.1", "::1", "10.0.0.9", "fe80::9", "fd00::9");
        assertThat(relocation.broken()).isEmpty();
        assertThat(result())
                .containsExactly(
                        "10.0.0.9:80 0.0.0.0:0 10",
                        "[fd00::9]:80 [::]:0 10",
                        "10.0.0.9:5000 10.0.0.53:53 1",
                        "10.0.0.9:80 10.0.0.9:4711 1",
                        "10.0.0.9:4711 10.0.0.9:80 1");
    }

    @Test
    void namesWhatHasNoPlace() throws IOException {
        socket(INET6, TCP, 10, "fd00::1", 80, "::", 0);
        assertThat(relocate("127.0.0.1", "::1", "10.0.0.9", "fe80::9").unplaced())
                .extracting(InetSocket::local)
                .containsExactly("[fd00::1]:80");
    }

    @Test
    void severesWhatLeadsOutsideEachConnectionForItself() throws IOException {
        socket(INET, TCP, 1, "10.0.0.1", 80, "10.0.0.2", 4711);
        socket(INET, TCP, 5, "10.0.0.1", 80, "10.0.0.3", 4711);
        socket(INET, TCP, 9, "10.0.0.1", 80, "10.0.0.4", 4711);
        socket(INET6, TCP, 1, "fd00::1", 80, "fd00::2", 4711);
        socket(INET, TCP, 10, "0.0.0.0", 1, "0.0.0.0", 0);
        socket(INET, TCP, 2, "10.0.0.1", 4712, "10.0.0.5", 80);
        SocketRelocation relocation = relocate("127.0.0.1");
        assertThat(relocation.broken())
                .extracting(InetSocket::remote)
                .containsExactly("10.0.0.2:4711", "10.0.0.3:4711", "10.0.0.4:4711", "[fd00::2]:4711", "10.0.0.5:80");
        assertThat(relocation.unplaced()).isEmpty();
        assertThat(result())
                .containsExactly(
                        "127.128.0.2:80 127.192.0.2:4711 1",
                        "127.128.0.3:80 127.192.0.3:4711 1",
                        "127.128.0.4:80 127.192.0.4:4711 8",
                        "127.128.0.5:80 127.192.0.5:4711 1",
                        "0.0.0.0:1 0.0.0.0:0 10",
                        "127.128.0.6:4712 127.192.0.6:2 2");
        FileEntry version6 = ImageFile.read(directory.resolve("files.img"), ImageKind.FILES)
                .entries()
                .get(3);
        assertThat(version6.getIsk().getSrcAddrList()).containsExactly(0, 0, -65536, 0x0500807f);
    }

    @Test
    void keepsFieldsThatItDoesNotKnow() throws IOException {
        socket(INET, TCP, 1, "10.0.0.1", 80, "10.0.0.2", 4711);
        byte[] unknown = {(byte) 0xf8, 0x3f, 42};
        FileEntry.Builder changed = entries.get(0).toBuilder();
        byte[] known = changed.getIsk().toByteArray();
        byte[] both = ByteBuffer.allocate(known.length + unknown.length)
                .put(known)
                .put(unknown)
                .array();
        entries.set(0, changed.setIsk(InetSocketEntry.parseFrom(both)).build());
        relocate("127.0.0.1");
        assertThat(ByteString.copyFrom(Files.readAllBytes(directory.resolve("files.img")))
                        .toByteArray())
                .containsSequence(unknown);
    }
}
