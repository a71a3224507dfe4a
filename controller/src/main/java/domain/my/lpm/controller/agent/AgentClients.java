package domain.my.lpm.controller.agent;

/** The agents, by where they answer. */
public interface AgentClients extends AutoCloseable {
    /**
     * The agent that answers there; reached when it is first called.
     *
     * @param endpoint {@code host:port}, as in the status of a MigrationNode
     */
    AgentClient at(String endpoint);

    /** Closes all connections; calls in flight fail. */
    @Override
    void close();
}
