package domain.my.lpm.agent;

import domain.my.lpm.agent.hold.Commits;
import domain.my.lpm.agent.hold.HeldProcesses;
import domain.my.lpm.agent.kubelet.KubeletApi;
import domain.my.lpm.agent.node.ApiServer;
import domain.my.lpm.agent.node.Launchers;
import domain.my.lpm.agent.step.StepListener;
import java.time.InstantSource;
import java.util.Optional;

/**
 * What lies around an agent.
 *
 * @param launchers how launchers run on the node, and where its files are
 * @param api the Kubernetes API
 * @param commits the commits of migrations, which are recorded there
 * @param kubelet the node's kubelet; empty: only launchers take checkpoints
 * @param heldProcesses how held processes go on, or end
 * @param clock for leases
 * @param steps is told of every act
 */
public record AgentEdges(
        Launchers launchers,
        ApiServer api,
        Commits commits,
        Optional<KubeletApi> kubelet,
        HeldProcesses heldProcesses,
        InstantSource clock,
        StepListener steps) {}
