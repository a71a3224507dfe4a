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

/** What lies on storage of one checkpoint of a pod; outlives the pod and its namespace. */
@JsonClassDescription("What lies on storage of one checkpoint of a pod; outlives the pod and its namespace.")
@Group(ApiGroup.NAME)
@Version(ApiGroup.VERSION)
@Kind("PodCheckpointContent")
@Singular("podcheckpointcontent")
@Plural("podcheckpointcontents")
@ShortNames("pckptc")
@Categories(ApiGroup.CATEGORY)
@AdditionalPrinterColumn(
        name = "Namespace",
        jsonPath = ".spec.podRef.namespace",
        type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(name = "Pod", jsonPath = ".spec.podRef.name", type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
        name = "Deletion",
        jsonPath = ".spec.deletionPolicy",
        type = AdditionalPrinterColumn.Type.STRING,
        getDescription = "What becomes of the data")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
public final class PodCheckpointContent extends CustomResource<PodCheckpointContentSpec, ContentStatus> {
    @Override
    @Required
    public PodCheckpointContentSpec getSpec() {
        return super.getSpec();
    }

    @Override
    protected PodCheckpointContentSpec initSpec() {
        return new PodCheckpointContentSpec();
    }

    @Override
    protected ContentStatus initStatus() {
        return new ContentStatus();
    }
}
