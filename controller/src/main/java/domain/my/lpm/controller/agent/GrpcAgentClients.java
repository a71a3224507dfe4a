package domain.my.lpm.controller.agent;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Agents over gRPC, one channel for each endpoint, kept for as long as this is open. */
public final class GrpcAgentClients implements AgentClients {
    /** An agent that has vanished without a word is noticed after this and a little more, in seconds. */
    private static final int KEEP_ALIVE_SECONDS = 30;

    private static final int LARGEST_ANSWER = 16 * 1024 * 1024;

    private record Connection(ManagedChannel channel, AgentClient client) {}

    private final Function<String, ManagedChannel> connect;
    private final Map<String, Connection> connections = new ConcurrentHashMap<>();

    /**
     * @param connect opens the channel to an endpoint, lazily
     */
    public GrpcAgentClients(Function<String, ManagedChannel> connect) {
        this.connect = connect;
    }

    /**
     * Over TLS.
     *
     * @param credentials see {@link AgentTls}
     * @param name the DNS name that every agent's certificate must have: their addresses are those of pods, which no certificate
     *     knows before
     */
    public static GrpcAgentClients over(ChannelCredentials credentials, String name) {
        return new GrpcAgentClients(endpoint -> Grpc.newChannelBuilder(endpoint, credentials)
                .overrideAuthority(name)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .maxInboundMessageSize(LARGEST_ANSWER)
                .build());
    }

    @Override
    public AgentClient at(String endpoint) {
        return connections.computeIfAbsent(endpoint, this::open).client();
    }

    private Connection open(String endpoint) {
        ManagedChannel channel = connect.apply(endpoint);
        return new Connection(channel, new GrpcAgentClient(endpoint, channel));
    }

    @Override
    public void close() {
        connections.values().forEach(connection -> connection.channel().shutdownNow());
        connections.clear();
    }
}
