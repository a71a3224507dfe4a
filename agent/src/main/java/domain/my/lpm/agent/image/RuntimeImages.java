package domain.my.lpm.agent.image;

import domain.my.lpm.agent.AgentException;
import domain.my.lpm.agent.AgentException.Kind;
import domain.my.lpm.agent.protocol.runtime.AuthConfig;
import domain.my.lpm.agent.protocol.runtime.ImageServiceGrpc;
import domain.my.lpm.agent.protocol.runtime.ImageSpec;
import domain.my.lpm.agent.protocol.runtime.ImageStatusRequest;
import domain.my.lpm.agent.protocol.runtime.PullImageRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The images of the node's container runtime, by the Container Runtime Interface. */
final class RuntimeImages implements AutoCloseable {
    private static final long QUICK_SECONDS = 60;
    private static final long PULL_SECONDS = 600;

    private final Path socket;
    private final EventLoopGroup events;
    private final ManagedChannel channel;

    private RuntimeImages(Path socket, EventLoopGroup events, ManagedChannel channel) {
        this.socket = socket;
        this.events = events;
        this.channel = channel;
    }

    /** Those of the runtime behind this socket. */
    static RuntimeImages at(Path socket) {
        EventLoopGroup events = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        return new RuntimeImages(
                socket,
                events,
                NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                        .channelType(NioDomainSocketChannel.class)
                        .eventLoopGroup(events)
                        // A path is none.
                        .overrideAuthority("localhost")
                        .usePlaintext()
                        .build());
    }

    private ImageServiceGrpc.ImageServiceBlockingStub within(long seconds) {
        return ImageServiceGrpc.newBlockingStub(channel).withDeadlineAfter(seconds, TimeUnit.SECONDS);
    }

    /**
     * Whether there is an image.
     *
     * @param image its name or id
     * @throws AgentException if the runtime does not answer
     */
    boolean has(String image) {
        try {
            return within(QUICK_SECONDS)
                    .imageStatus(ImageStatusRequest.newBuilder()
                            .setImage(ImageSpec.newBuilder().setImage(image))
                            .build())
                    .hasImage();
        } catch (StatusRuntimeException refused) {
            throw unreachable(refused);
        }
    }

    /**
     * Pulls an image.
     *
     * @param user empty: none is named to the registry
     * @return why it was not pulled; empty if it was
     * @throws AgentException if the runtime does not answer
     */
    Optional<String> pull(String image, String user, String password) {
        PullImageRequest.Builder request =
                PullImageRequest.newBuilder().setImage(ImageSpec.newBuilder().setImage(image));
        if (!user.isEmpty()) {
            request.setAuth(AuthConfig.newBuilder().setUsername(user).setPassword(password));
        }
        try {
            within(PULL_SECONDS).pullImage(request.build());
            return Optional.empty();
        } catch (StatusRuntimeException refused) {
            if (refused.getStatus().getCode() == Status.Code.UNKNOWN) {
                return Optional.of(String.valueOf(refused.getStatus().getDescription()));
            }
            throw unreachable(refused);
        }
    }

    private AgentException unreachable(StatusRuntimeException refused) {
        return new AgentException(
                Kind.UNAVAILABLE,
                "the container runtime does not answer at " + socket + ": " + refused.getMessage()
                        + "; see whether it runs, and --runtime-socket",
                refused);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        events.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
