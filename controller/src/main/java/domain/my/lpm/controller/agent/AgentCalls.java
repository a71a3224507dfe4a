package domain.my.lpm.controller.agent;

import domain.my.lpm.controller.step.Step;
import domain.my.lpm.controller.step.StepListener;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The calls of agents in flight, and the answers to those that are over, so that nothing waits for an agent: a reconciler asks,
 * learns whether there is an answer yet, and is woken when there is. Calls that failed in passing are repeated, after 1, 2, 4 and
 * so on up to 30 s. All of it may be lost at any time: a call asked for again is made again, and finds what the first one did.
 */
public final class AgentCalls {
    private static final Logger LOG = LoggerFactory.getLogger(AgentCalls.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    /**
     * One call.
     *
     * @param owner uid of the object on whose behalf; with {@code step} and {@code detail} it identifies the call
     * @param detail tells calls of one step apart; may be empty
     * @param node whose agent
     * @param untilDone whether it is to be repeated even if the agent refuses it
     * @param act makes it
     */
    public record Call<T>(
            String owner,
            Step step,
            String detail,
            String node,
            boolean untilDone,
            Function<AgentClient, CompletableFuture<T>> act) {
        private Key key() {
            return new Key(owner, step, detail);
        }
    }

    /** What is known of a call. */
    public sealed interface Answer<T> {}

    /**
     * There is no answer yet.
     *
     * @param pause until it is repeated; empty while it is in flight
     * @param failure of the last attempt
     */
    public record Pending<T>(Optional<Duration> pause, Optional<AgentFailure> failure) implements Answer<T> {}

    /**
     * The answer.
     *
     * @param asked when the call began
     * @param answered when it ended
     */
    public record Done<T>(T value, Instant asked, Instant answered) implements Answer<T> {}

    /** The agent refused it, for good. */
    public record Refused<T>(AgentFailure failure) implements Answer<T> {}

    private record Key(String owner, Step step, String detail) {}

    /** One attempt; the answer is set once. */
    private static final class Attempt {
        private final int number;
        private final Instant asked;
        private volatile @Nullable CompletableFuture<?> future;
        private volatile @Nullable Ended ended;
        private final Optional<AgentFailure> before;

        Attempt(int number, Instant asked, Optional<AgentFailure> before) {
            this.number = number;
            this.asked = asked;
            this.before = before;
        }
    }

    private record Ended(
            Instant at, @Nullable Object value, @Nullable AgentFailure failure) {}

    private final AgentClients clients;
    private final Function<String, Optional<String>> endpoints;
    private final InstantSource clock;
    private final StepListener steps;
    private final Map<Key, Attempt> attempts = new ConcurrentHashMap<>();

    /**
     * @param endpoints where the agent of a node answers
     */
    public AgentCalls(
            AgentClients clients,
            Function<String, Optional<String>> endpoints,
            InstantSource clock,
            StepListener steps) {
        this.clients = clients;
        this.endpoints = endpoints;
        this.clock = clock;
        this.steps = steps;
    }

    /**
     * Makes the call unless it is in flight or answered. Of the calls of one owner, one is asked for at a time.
     *
     * @param wake is run whenever the call has ended, on any thread
     */
    public <T> Answer<T> ask(Call<T> call, Runnable wake) {
        Attempt attempt = attempts.get(call.key());
        if (attempt == null) {
            attempt = begin(call, wake, 1, Optional.empty());
        } else if (attempt.ended != null
                && pause(call, attempt, attempt.ended)
                        .filter(Duration.ZERO::equals)
                        .isPresent()) {
            attempt = begin(call, wake, attempt.number + 1, Optional.ofNullable(attempt.ended.failure()));
        }
        return answer(call, attempt);
    }

    /** When the call that is in flight or answered was begun. */
    public Optional<Instant> asked(String owner, Step step) {
        return Optional.ofNullable(attempts.get(new Key(owner, step, ""))).map(attempt -> attempt.asked);
    }

    /** The answer to a call, if there is one; nothing is called. */
    public <T> Optional<T> answered(String owner, Step step, Class<T> type) {
        return Optional.ofNullable(attempts.get(new Key(owner, step, "")))
                .map(attempt -> attempt.ended)
                .map(Ended::value)
                .filter(type::isInstance)
                .map(type::cast);
    }

    /** Breaks off and forgets the calls of {@code owner} of one step. */
    public void forget(String owner, Step step) {
        attempts.keySet().stream()
                .filter(key -> key.owner().equals(owner) && key.step() == step)
                .forEach(this::remove);
    }

    /** Breaks off and forgets the calls of {@code owner} of one step that are not answered. */
    public void breakOff(String owner, Step step) {
        attempts.entrySet().stream()
                .filter(entry ->
                        entry.getKey().owner().equals(owner) && entry.getKey().step() == step)
                .filter(entry -> !isAnswered(entry.getValue()))
                .forEach(entry -> remove(entry.getKey()));
    }

    private static boolean isAnswered(Attempt attempt) {
        Ended ended = attempt.ended;
        return ended != null && ended.failure() == null;
    }

    /** Breaks off and forgets all calls of {@code owner}. */
    public void forget(String owner) {
        attempts.keySet().stream().filter(key -> key.owner().equals(owner)).forEach(this::remove);
    }

    /** How many are in flight. */
    public int inFlight() {
        return (int) attempts.values().stream()
                .filter(attempt -> attempt.ended == null)
                .count();
    }

    /** What is known of each call: whether it is in flight, its answer, or how it failed. */
    @Override
    public String toString() {
        return attempts.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + state(entry.getValue().ended))
                .sorted()
                .collect(Collectors.joining(", "));
    }

    private static String state(@Nullable Ended ended) {
        if (ended == null) {
            return "in flight";
        }
        return ended.failure() == null
                ? String.valueOf(ended.value())
                : ended.failure().kind().toString();
    }

    private void remove(Key key) {
        Attempt removed = attempts.remove(key);
        if (removed != null && removed.future != null) {
            removed.future.cancel(true);
        }
    }

    private <T> Attempt begin(Call<T> call, Runnable wake, int number, Optional<AgentFailure> before) {
        Attempt attempt = new Attempt(number, clock.instant(), before);
        steps.before(call.step());
        attempts.put(call.key(), attempt);
        CompletableFuture<T> future;
        try {
            future = send(call);
        } catch (RuntimeException notSent) {
            attempts.remove(call.key(), attempt);
            throw notSent;
        }
        attempt.future = future;
        future.whenComplete((value, thrown) -> {
            try {
                steps.after(call.step());
            } catch (RuntimeException lost) {
                attempts.remove(call.key(), attempt);
                throw lost;
            }
            AgentFailure failure = thrown == null ? null : failure(call, thrown);
            if (failure != null) {
                // The first of a row is told to whoever runs this; the rest look the same. What nobody waits for any
                // more is none.
                boolean news = number == 1
                        && failure.kind() == AgentFailure.Kind.UNREACHABLE
                        && attempts.get(call.key()) == attempt;
                LOG.atLevel(news ? Level.WARN : Level.DEBUG)
                        .log("{} on node {} failed: {}", call.step(), call.node(), failure.getMessage());
            }
            attempt.ended = new Ended(clock.instant(), value, failure);
            if (attempts.get(call.key()) == attempt) {
                wake.run();
            }
        });
        return attempt;
    }

    private <T> CompletableFuture<T> send(Call<T> call) {
        Optional<String> endpoint = endpoints.apply(call.node());
        if (endpoint.isEmpty()) {
            return CompletableFuture.failedFuture(new AgentFailure(
                    AgentFailure.Kind.UNREACHABLE,
                    "no agent has said where it answers on node '%s', so that nothing can be done there; see that the agent runs on it"
                            .formatted(call.node())));
        }
        return call.act().apply(clients.at(endpoint.get()));
    }

    private static AgentFailure failure(Call<?> call, Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        return cause instanceof AgentFailure known
                ? known
                : new AgentFailure(
                        AgentFailure.Kind.UNREACHABLE,
                        "the call of the agent on node '%s' broke off: %s; it is repeated"
                                .formatted(call.node(), cause),
                        cause);
    }

    private <T> Answer<T> answer(Call<T> call, Attempt attempt) {
        Ended ended = attempt.ended;
        if (ended == null) {
            return new Pending<>(Optional.empty(), attempt.before);
        }
        AgentFailure failure = ended.failure();
        if (failure == null) {
            // The key names the step, and the step the type of the answer.
            @SuppressWarnings("unchecked")
            T value = (T) Objects.requireNonNull(ended.value(), "a call without a failure has an answer");
            return new Done<>(value, attempt.asked, ended.at());
        }
        Optional<Duration> pause = pause(call, attempt, ended);
        return pause.isEmpty()
                ? new Refused<>(failure)
                : new Pending<>(pause.map(left -> left.isZero() ? FIRST_PAUSE : left), Optional.of(failure));
    }

    /** How long until the call is to be repeated; empty: not at all. */
    private Optional<Duration> pause(Call<?> call, Attempt attempt, Ended ended) {
        AgentFailure failure = ended.failure();
        if (failure == null || !(call.untilDone() || failure.kind().isTransient())) {
            return Optional.empty();
        }
        Duration whole = FIRST_PAUSE.multipliedBy(1L << Math.min(attempt.number - 1, 5));
        if (whole.compareTo(LONGEST_PAUSE) > 0) {
            whole = LONGEST_PAUSE;
        }
        Duration left = Duration.between(clock.instant(), ended.at().plus(whole));
        return Optional.of(left.isNegative() ? Duration.ZERO : left);
    }
}
