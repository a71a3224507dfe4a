package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.image.CriuImages;
import domain.my.lpm.checkpoint.image.OpenFile.InetSocket;
import domain.my.lpm.checkpoint.repository.CheckpointUri;
import domain.my.lpm.checkpoint.repository.Expected;
import domain.my.lpm.checkpoint.repository.Form;
import domain.my.lpm.checkpoint.repository.Repository;
import domain.my.lpm.launcher.restore.Architecture;
import domain.my.lpm.launcher.status.State;
import domain.my.lpm.launcher.status.Status;
import domain.my.lpm.sandbox.Node;
import domain.my.lpm.sandbox.RunningContainer;
import domain.my.lpm.sandbox.RunningPod;
import domain.my.lpm.sandbox.RuntimeCheckpoint;
import domain.my.lpm.sandbox.migration.Cluster.Arrival;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("real")
class TcpTest {
    private static final RuntimeCheckpoint.Options HOLD =
            new RuntimeCheckpoint.Options(true, RuntimeCheckpoint.Tcp.ESTABLISHED, 1 << 20);

    /** Answers every connection by the nonce it was started with and a count; one more socket listens at ADDRESS. */
    private static final String SERVER = """
            import os, selectors, socket, time
            nonce = os.urandom(8).hex()
            count = 0
            servers = selectors.DefaultSelector()
            for address, family in (("0.0.0.0", socket.AF_INET), ("::1", socket.AF_INET6)):
                servers.register(socket.create_server((address, 7001), family=family), selectors.EVENT_READ)
            while True:
                try:
                    servers.register(socket.create_server(("ADDRESS", 7002)), selectors.EVENT_READ)
                    break
                except OSError:
                    time.sleep(0.02)
            print("up", flush=True)
            while True:
                for key, _ in servers.select():
                    accepted, _ = key.fileobj.accept()
                    count += 1
                    accepted.sendall(f"{nonce} {count}".encode())
                    accepted.close()
            """;

    private static final String CLIENT = """
            import socket, sys
            with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30) as server:
                print(server.recv(100).decode())
            """;

    /** Two processes send numbers faster than the third reads them, over IPv4 and IPv6. */
    private static final String INSIDE = """
            import os, socket, struct, time
            nonce = os.urandom(8).hex()
            def pair(address, family):
                server = socket.create_server((address, 7001), family=family)
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
                if os.fork() == 0:
                    client = socket.socket(family)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
                    client.connect((address, 7001))
                    number = 0
                    while True:
                        client.sendall(struct.pack("!Q", number))
                        number += 1
                return server.accept()[0].makefile("rb")
            streams = [pair("127.0.0.1", socket.AF_INET), pair("::1", socket.AF_INET6)]
            expected = 0
            while True:
                for stream in streams:
                    got, = struct.unpack("!Q", stream.read(8))
                    if got != expected:
                        print("broken: got", got, "for", expected, flush=True)
                        raise SystemExit(1)
                expected += 1
                if expected % 100 == 0:
                    print("got", expected, nonce, flush=True)
                    time.sleep(0.01)
            """;

    /** What a node runs as the world outside of its pods. */
    private static final String PEER = """
            import socket, threading
            def serve(connection):
                with connection:
                    kind = connection.recv(1)
                    if kind == b"r":
                        connection.sendall(b"rest")
                    if kind == b"e":
                        connection.sendall(b"bye")
                        return
                    while data := connection.recv(100):
                        if kind == b"p":
                            connection.sendall(data)
            server = socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
            print("listening", flush=True)
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
            """;

    /** Connections to outside in every state, looked at again once the pod has another name. */
    private static final String OUTSIDE = """
            import errno, socket, select, threading, time
            def connect(kind, address):
                while True:
                    try:
                        connection = socket.create_connection((address, 7000))
                        connection.sendall(kind)
                        return connection
                    except OSError:
                        time.sleep(0.02)
            def read(name, connection, size):
                try:
                    print(name, "read", connection.recv(size).decode() or "end", flush=True)
                except OSError as error:
                    print(name, errno.errorcode[error.errno], flush=True)
            host = socket.gethostname()
            waiting = connect(b"w", "ADDRESS4")
            threading.Thread(target=read, args=("waiting", waiting, 1)).start()
            unread = connect(b"r", "ADDRESS4")
            ended = connect(b"e", "ADDRESS4")
            version6 = connect(b"w", "ADDRESS6")
            half = connect(b"w", "ADDRESS4")
            half.settimeout(30)
            connecting = socket.socket()
            connecting.setblocking(False)
            connecting.connect_ex(("ADDRESS4", 9))
            for connection in (unread, ended):
                select.select([connection], [], [])
            time.sleep(0.1)
            print("up", flush=True)
            while socket.gethostname() == host:
                time.sleep(0.02)
            read("unread", unread, 100)
            read("unread", unread, 100)
            read("ended", ended, 100)
            read("ended", ended, 100)
            read("version6", version6, 1)
            read("half", half, 1)
            select.select([], [connecting], [], 30)
            print("connecting", errno.errorcode[connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)], flush=True)
            print("done", flush=True)
            time.sleep(1000)
            """;

    /** Sends a number around within the pod and to outside and back, and does so again. */
    private static final String AROUND = """
            import socket, time
            while True:
                try:
                    outside = socket.create_connection(("ADDRESS4", 7000))
                    break
                except OSError:
                    time.sleep(0.02)
            outside.sendall(b"p")
            server = socket.create_server(("::1", 0), family=socket.AF_INET6)
            client = socket.create_connection(server.getsockname()[:2])
            accepted, _ = server.accept()
            number = 0
            while True:
                number += 1
                client.sendall(b"%d" % number)
                outside.sendall(accepted.recv(100))
                print("around", outside.recv(100).decode(), flush=True)
                time.sleep(0.02)
            """;

    private static Cluster cluster;
    private static Process peer;
    private static int networks;

    @BeforeAll
    static void open() throws IOException {
        cluster = new Cluster();
        peer = cluster.source.start(List.of("python3", "-c", PEER));
        BufferedReader said = peer.inputReader();
        assertThat(said.readLine()).isEqualTo("listening");
        // A port that neither accepts nor refuses.
        cluster.source
                .exec(List.of("iptables", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "DROP"))
                .orThrow();
    }

    @AfterAll
    static void close() {
        peer.destroyForcibly();
        cluster.close();
    }

    private static Pod python(String name, String program) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("docker.io/library/python:3.13")
                .withCommand(List.of("python3", "-c", program))
                .endContainer()
                .endSpec()
                .build();
    }

    /** The network that the next call of {@link #connect} makes; the node has address 1 in it, the pod 2. */
    private static String nextNetwork() {
        return "10.99." + (networks + 1);
    }

    /** Connects a pod with its node, by IPv4 and IPv6; returns its address. */
    private static String connect(RunningPod pod) {
        String network = nextNetwork();
        networks++;
        Node node = pod.node();
        node.exec(List.of(
                        "sh",
                        "-ec",
                        """
                        ip link add pod$2 type veth peer name eth0 netns $4
                        ip addr add $1.1/24 dev pod$2
                        ip addr add fd00:99:$2::1/64 dev pod$2 nodad
                        ip link set pod$2 up
                        nsenter --net=$3 sh -ec "
                            ip addr add $1.2/24 dev eth0
                            ip addr add fd00:99:$2::2/64 dev eth0 nodad
                            ip link set eth0 up"
                        """,
                        "sh",
                        network,
                        Integer.toString(networks),
                        namespace(pod),
                        Integer.toString(pod.container("main").pid())))
                .orThrow();
        return network + ".2";
    }

    private static String namespace(RunningPod pod) {
        return "/run/pods/" + pod.uid() + "/net";
    }

    private static String toOutside(String program) {
        return program.replace("ADDRESS4", nextNetwork() + ".1")
                .replace("ADDRESS6", "fd00:99:" + (networks + 1) + "::1");
    }

    private static String filter(RunningPod pod) {
        return pod.node()
                .exec(List.of("nsenter", "--net=" + namespace(pod), "nft", "list", "ruleset"))
                .orThrow()
                .output();
    }

    private static String ask(RunningPod pod, String address, int port) {
        return pod.node()
                .exec(List.of(
                        "nsenter", "--net=" + namespace(pod), "python3", "-c", CLIENT, address, Integer.toString(port)))
                .orThrow()
                .output()
                .strip();
    }

    private static long number(String line) {
        return Long.parseLong(line.split(" ")[1]);
    }

    private static void awaitNumber(RunningContainer container, LongPredicate wanted) {
        container.awaitLine(
                line -> (line.startsWith("got ") || line.startsWith("around ")) && wanted.test(number(line)),
                Cluster.SOON);
    }

    private static void assertGoesOn(RunningContainer container) {
        List<String> output = container.output();
        long last = number(output.get(output.size() - 1));
        awaitNumber(container, number -> number >= last + 3);
    }

    @Test
    @Tag("vm")
    void listeningSocketsGoOnAcceptingAtTheAddressesOfTheTarget() {
        String address = nextNetwork() + ".2";
        try (RunningPod pod = cluster.source.run(python("server", SERVER.replace("ADDRESS", address)))) {
            RunningContainer server = pod.container("main");
            connect(pod);
            server.awaitLine("up"::equals, Cluster.SOON);
            String nonce = ask(pod, address, 7002).split(" ")[0];
            assertThat(ask(pod, "127.0.0.1", 7001)).isEqualTo(nonce + " 2");

            try (RunningPod target = cluster.target.run(TargetPod.of(pod.pod()))) {
                String other = connect(target);
                assertThat(other).isNotEqualTo(address);
                Status status = restore(server, target);
                assertThat(status.state()).as(status.message()).isEqualTo(State.RESTORED);
                assertThat(ask(target, "127.0.0.1", 7001)).isEqualTo(nonce + " 3");
                assertThat(ask(target, "::1", 7001)).isEqualTo(nonce + " 4");
                assertThat(ask(target, other, 7002)).isEqualTo(nonce + " 5");
            }
        }
    }

    private static Status restore(RunningContainer container, RunningPod target) {
        try (Standby standby = Standby.start(target.container("main"), SourceAgent.owner(container), List.of())
                .awaitReady(Cluster.SOON)) {
            RuntimeCheckpoint checkpoint = RuntimeCheckpoint.take(container, HOLD);
            String id = cluster.newId();
            SourceAgent.store(container, checkpoint, id, Form.EXTRACTED, cluster.sandbox.share(), cluster.key);
            Status status = standby.release(SourceAgent.uri(container, id)).awaitOutcome(Cluster.SOON);
            standby.awaitExit(Cluster.SOON);
            return status;
        }
    }

    @Test
    void aSocketOfAnAddressThatTheTargetCannotReplaceIsRefused() {
        String address = nextNetwork() + ".2";
        try (RunningPod pod = cluster.source.run(python("bound", SERVER.replace("ADDRESS", address)))) {
            RunningContainer server = pod.container("main");
            connect(pod);
            server.awaitLine("up"::equals, Cluster.SOON);
            try (RunningPod target = cluster.target.run(TargetPod.of(pod.pod()))) {
                Status status = restore(server, target);
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.message())
                        .isEqualTo("the checkpoint holds sockets of an address of the source (" + address
                                + ":7002) and the target has no address of that kind to take its place; give the target"
                                + " pod a network of the same IP family, or let the application listen on all"
                                + " addresses");
            }
        }
    }

    @Test
    @Tag("vm")
    void connectionsWithinThePodLoseAndRepeatNoByte() {
        try (RunningPod pod = cluster.source.run(python("inside", INSIDE))) {
            RunningContainer inside = pod.container("main");
            awaitNumber(inside, number -> number >= 300);

            try (Arrival arrival = cluster.migrate(inside, Journey.PLAIN.with(HOLD))) {
                assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
                assertThat(unreadBytes(inside, arrival.uri())).hasSize(2).allMatch(bytes -> bytes > 0);
                List<String> before = inside.output();
                String last = before.get(before.size() - 1);
                String nonce = last.split(" ")[2];
                RunningContainer restored = arrival.container();
                assertThat(restored.awaitLine(line -> true, Cluster.SOON))
                        .isEqualTo("got " + (number(last) + 100) + " " + nonce);
                // More than what was in the queues.
                awaitNumber(restored, number -> number > number(last) + 30_000);
                assertThat(filter(arrival.pod())).doesNotContain("CRIU", "0xc114", "0x0000c114");

                holdAndResumeNested(restored);
            }
        }
    }

    /** CRIU within the container locks each connection by rules of its own. */
    private static void holdAndResumeNested(RunningContainer restored) {
        SourceAgent.checkpoint(restored, cluster.newId(), List.of());
        assertThat(filter(restored.pod())).contains("drop");
        SourceAgent.end(restored, "resume").orThrow();
        assertGoesOn(restored);
        assertThat(filter(restored.pod())).doesNotContain("drop");
    }

    /** Of each connection's end that has any. */
    private static List<Long> unreadBytes(RunningContainer container, CheckpointUri uri) {
        CriuImages images = CriuImages.open(new Repository(cluster.sandbox.share())
                .open(
                        uri,
                        cluster.key.trusted(),
                        new Expected(SourceAgent.owner(container), Architecture.ofThisMachine()))
                .extractedImages());
        return images.files().stream()
                .filter(InetSocket.class::isInstance)
                .map(file -> images.tcpQueues((InetSocket) file).orElse(new CriuImages.TcpQueues(0, 0)))
                .map(CriuImages.TcpQueues::received)
                .filter(bytes -> bytes > 0)
                .toList();
    }

    @Test
    @Tag("vm")
    void connectionsToOutsideEndAfterWhatHadBeenReceived() {
        try (RunningPod pod = cluster.source.run(python("outside", toOutside(OUTSIDE)))) {
            connect(pod);
            RunningContainer outside = pod.container("main");
            outside.awaitLine("up"::equals, Cluster.SOON);

            try (Arrival arrival = cluster.migrate(outside, Journey.PLAIN.with(HOLD))) {
                assertThat(arrival.status().state()).as(arrival.said()).isEqualTo(State.RESTORED);
                arrival.container().awaitLine("done"::equals, Cluster.SOON);
                assertThat(arrival.container().output())
                        .containsExactlyInAnyOrder(
                                "waiting ECONNRESET",
                                "unread read rest",
                                "unread ECONNRESET",
                                "ended read bye",
                                "ended read end",
                                "version6 ECONNRESET",
                                "half ECONNRESET",
                                "connecting ECONNREFUSED",
                                "done");
            }
        }
    }

    @Test
    @Tag("vm")
    void aRefusedMigrationIsRolledBackWithEveryConnection() {
        String local = nextNetwork() + ".2";
        String remote = nextNetwork() + ".1:7000";
        try (RunningPod pod = cluster.source.run(python("around", toOutside(AROUND)))) {
            connect(pod);
            RunningContainer around = pod.container("main");
            awaitNumber(around, number -> number >= 3);

            try (Arrival arrival =
                    cluster.migrate(around, Journey.PLAIN.with(HOLD).with("--tcp", "fail"))) {
                assertThat(arrival.status().state()).isEqualTo(State.FAILED);
                assertThat(String.valueOf(arrival.status().message()).replaceFirst(local + ":\\d+", "LOCAL"))
                        .isEqualTo("the checkpoint holds 1 TCP connection to outside of the pod (LOCAL to " + remote
                                + "), which would break, and the policy is to refuse that (tcp: Fail); choose tcp: Close"
                                + " to have them closed, or Established if the target has the source's address");
                assertThat(arrival.checkpoint().isHeld()).isTrue();
                arrival.checkpoint().resume();
                assertGoesOn(around);
            }
            assertThat(filter(pod)).doesNotContain("CRIU");

            cluster.source
                    .exec(List.of("nsenter", "--net=" + namespace(pod), "sh", "-ec", LEFTOVERS))
                    .orThrow();
            assertThat(filter(pod)).contains("inet CRIU-0b7a", "ip6 filter", "jump CRIU");
            SourceAgent.end(around, "resume").orThrow();
            assertThat(filter(pod)).doesNotContain("CRIU").containsSubsequence("dport 9", "dport 9");
            assertGoesOn(around);

            // The same by the launcher's own dump; a second resume changes nothing.
            SourceAgent.checkpoint(around, cluster.newId(), List.of());
            assertThat(filter(pod)).contains("CRIU");
            SourceAgent.end(around, "resume").orThrow();
            SourceAgent.end(around, "resume").orThrow();
            assertGoesOn(around);
            assertThat(filter(pod)).doesNotContain("CRIU");

            SourceAgent.checkpoint(around, cluster.newId(), List.of());
            SourceAgent.end(around, "fence").orThrow();
            assertThat(around.awaitExit(Cluster.SOON)).isEqualTo(137);
            assertThat(filter(pod)).doesNotContain("CRIU");
        }
    }

    /** What CRIU leaves in a packet filter, by either of its ways, beside a rule that is not its own. */
    private static final String LEFTOVERS = """
            for family in iptables ip6tables; do
                $family-restore <<RULES
            *filter
            :CRIU - [0:0]
            -I INPUT -j CRIU
            -I OUTPUT -j CRIU
            -A INPUT -p tcp --dport 9 -j DROP
            -A CRIU -m mark --mark 0xC114 -j ACCEPT
            -A CRIU -j DROP
            COMMIT
            RULES
            done
            nft create table inet CRIU-0b7a
            """;

    @Test
    void aFailedRestoreLeavesTheTargetsNetworkOpen() throws IOException {
        String program = SERVER.replace("ADDRESS", "127.0.0.2");
        try (RunningPod pod = cluster.source.run(python("taken", program))) {
            RunningContainer server = pod.container("main");
            server.awaitLine("up"::equals, Cluster.SOON);
            try (RunningPod target = cluster.target.run(TargetPod.of(pod.pod()))) {
                Process other =
                        target.node().start(List.of("nsenter", "--net=" + namespace(target), "python3", "-c", program));
                try {
                    assertThat(other.inputReader().readLine()).isEqualTo("up");
                    Status status = restore(server, target);
                    assertThat(status.state()).isEqualTo(State.FAILED);
                    assertThat(status.message())
                            .startsWith("CRIU ended with exit status 1: inet: Can't bind inet socket")
                            .endsWith("Address already in use");
                    assertThat(filter(target)).doesNotContain("CRIU", "drop");
                    assertThat(ask(target, "127.0.0.1", 7001)).endsWith(" 1");
                } finally {
                    other.destroyForcibly();
                }
            }
        }
    }
}
