package domain.my.lpm.sandbox;

/**
 * A process of a container, as the machine sees it.
 *
 * @param pid the machine's process id
 * @param name the command's name, at most 15 bytes
 * @param state the letter of proc(5), for example {@code S} (sleeping), {@code T} (stopped), {@code Z} (zombie)
 */
public record ContainerProcess(int pid, String name, char state) {}
