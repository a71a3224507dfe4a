package domain.my.lpm.sandbox.migration;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.sandbox.Image;
import domain.my.lpm.sandbox.Specimens;
import domain.my.lpm.sandbox.migration.Cluster.Journey;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Applications of different kinds go on where they stood. */
@Tag("real")
class WorkloadsTest {
    @AutoClose
    private static final Cluster cluster = new Cluster();

    private static Pod pod(String name, String image, List<String> command) {
        return new PodBuilder(Specimens.script(name, "").build())
                .editSpec()
                .editFirstContainer()
                .withImage(image)
                .withCommand(command)
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void aStaticProgramInAnEmptyImage() {
        Image image = cluster.sandbox.images().staticBinary("sandbox/static:1", Moved.text("static.c"));

        Moved moved = Moved.by(cluster, pod("static", image.name(), List.of("/program")), Journey.PLAIN);

        assertThat(moved.before().get(0)).isEqualTo("ready");
        assertThat(moved.after()).containsExactly("the thread goes on: yes", "counted before: yes", "end");
    }

    @Test
    void aShellOfDebian() {
        Moved moved = Moved.by(
                cluster,
                pod("bash", "docker.io/library/debian:13", List.of("/bin/bash", "-c", Moved.text("bash.sh"))),
                Journey.PLAIN);

        assertThat(moved.after())
                .containsExactly(
                        "array: one two 3",
                        "the coprocess answers: 4 after the move, 3 before",
                        "function: kept",
                        "end");
    }

    @Test
    void pythonWithThreads() {
        Moved moved = Moved.by(cluster, Moved.python("python", "threads.py").build(), Journey.PLAIN);

        assertThat(moved.before()).containsExactly("ready");
        assertThat(moved.after())
                .containsExactly(
                        "all go on: True",
                        "counted before: True",
                        "answers: thread 0 thread 1 thread 2 thread 3",
                        "same thread ids: True",
                        "end");
    }

    @Test
    void aJavaVirtualMachine() {
        Image image = cluster.sandbox.images().javaProgram("sandbox/java:1", Moved.text("Main.java.txt"));

        Moved moved = Moved.by(
                cluster,
                pod("java", image.name(), List.of("/usr/bin/java", "-Xmx64m", "-cp", "/application", "Main")),
                Journey.PLAIN);

        assertThat(moved.before()).containsExactly("ready");
        assertThat(moved.after())
                .containsExactly(
                        "all threads go on: true",
                        "counted before: true",
                        "a lock is handed over: true",
                        "garbage is collected: true",
                        "end");
    }
}
