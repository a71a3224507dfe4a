package domain.my.lpm.api.checkpoint;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import domain.my.lpm.api.ApiGroup;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** What lies on storage of one checkpoint of a container; outlives the pod and its namespace. */
@JsonClassDescription("What lies on storage of one checkpoint of a container; outlives the pod and its namespace.")
@Group(ApiGroup.NAME)
@Version(ApiGroup.VERSION)
@Kind("ContainerCheckpointContent")
@Singular("containercheckpointcontent")
@Plural("containercheckpointcontents")
@ShortNames("cckptc")
@Categories(ApiGroup.CATEGORY)
@AdditionalPrinterColumn(
        name = "Namespace",
        jsonPath = ".spec.containerRef.namespace",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Pod",
        jsonPath = ".spec.containerRef.podName",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Container",
        jsonPath = ".spec.containerRef.containerName",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Bytes",
        jsonPath = ".spec.sizeBytes",
        type = AdditionalPrinterColumn.Type.INTEGER,
        getDescription = "Size on storage")
@AdditionalPrinterColumn(
        name = "Deletion",
        jsonPath = ".spec.deletionPolicy",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "What becomes of the data")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "URI",
        jsonPath = ".spec.artifactURI",
        type = AdditionalPrinterColumn.Type.STRING,
        priority = 1,
        getDescription = "Where the archive lies")
public final class ContainerCheckpointContent extends CustomResource<ContainerCheckpointContentSpec, ContentStatus> {
    @Override
    @Required
    public ContainerCheckpointContentSpec getSpec() {
        return super.getSpec();
    }

    @Override
    protected ContainerCheckpointContentSpec initSpec() {
        return new ContainerCheckpointContentSpec();
    }

    @Override
    protected ContentStatus initStatus() {
        return new ContentStatus();
    }
}
