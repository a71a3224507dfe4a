package domain.my.lpm.api.migration;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import domain.my.lpm.api.ApiGroup;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** Moves a running pod to another node. Deleting it before the commit cancels it: the source goes on. */
@JsonClassDescription(
        "Moves a running pod to another node. Deleting it before the commit cancels it: the source " + "goes on.")
@Group(ApiGroup.NAME)
@Version(ApiGroup.VERSION)
@Kind("PodMigration")
@Singular("podmigration")
@Plural("podmigrations")
@ShortNames("pmig")
@Categories(ApiGroup.CATEGORY)
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Pod", jsonPath = ".spec.podName", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Source",
        jsonPath = ".status.sourcePod.node",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "Node on which the pod runs")
@AdditionalPrinterColumn(
        name = "Target",
        jsonPath = ".status.targetPod.node",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "Node to which it moves")
@AdditionalPrinterColumn(
        name = "Downtime-ms",
        jsonPath = ".status.downtimeMillis",
        type = AdditionalPrinterColumn.Type.INTEGER,
        getDescription = "How long the application stood still, in milliseconds")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "Copy",
        jsonPath = ".status.targetPod.name",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1,
        getDescription = "Name of the copy")
@AdditionalPrinterColumn(
        name = "Reason",
        jsonPath = ".status.reason",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1,
        getDescription = "Why it is in this phase")
@ValidationRule(
        value = "!has(oldSelf.status) || !has(oldSelf.status.phase) || (has(self.status) && has(self.status.phase))",
        message =
                "status.phase cannot be removed, because the work would begin again; delete this PodMigration and create another")
public final class PodMigration extends CustomResource<PodMigrationSpec, PodMigrationStatus> implements Namespaced {
    @Override
    @Required
    public PodMigrationSpec getSpec() {
        return super.getSpec();
    }

    @Override
    protected PodMigrationSpec initSpec() {
        return new PodMigrationSpec();
    }

    @Override
    protected PodMigrationStatus initStatus() {
        return new PodMigrationStatus();
    }
}
