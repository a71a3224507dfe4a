package domain.my.lpm.api.node;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import domain.my.lpm.api.ApiGroup;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/** A node as a place to move pods from and to; has the name of the node. */
@JsonClassDescription("A node as a place to move pods from and to; has the name of the node.")
@Group(ApiGroup.NAME)
@Version(ApiGroup.VERSION)
@Kind("MigrationNode")
@Singular("migrationnode")
@Plural("migrationnodes")
@ShortNames("mnode")
@Categories(ApiGroup.CATEGORY)
@AdditionalPrinterColumn(
        name = "Ready",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].status",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "Whether its agent answers")
@AdditionalPrinterColumn(
        name = "Architecture",
        jsonPath = ".status.architecture",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Kernel", jsonPath = ".status.kernel", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "CRIU", jsonPath = ".status.criuVersion", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Runtime",
        jsonPath = ".status.runtime.name",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
public final class MigrationNode extends CustomResource<Void, MigrationNodeStatus> {
    @Override
    protected @Nullable Void initSpec() {
        return null;
    }

    @Override
    protected MigrationNodeStatus initStatus() {
        return new MigrationNodeStatus();
    }
}
