package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How the entry, and with {@link Privileges#POD} the toolkit, reaches a pod. */
public enum Delivery {
    /** An init container copies it into an emptyDir: works everywhere. */
    @JsonProperty("init-container")
    INIT_CONTAINER,
    /** The pod mounts a directory which the agent keeps on the node: nothing is copied. */
    @JsonProperty("host-directory")
    HOST_DIRECTORY,
    /** The pod mounts the image as a volume, on clusters that can do so. */
    @JsonProperty("image-volume")
    IMAGE_VOLUME
}
