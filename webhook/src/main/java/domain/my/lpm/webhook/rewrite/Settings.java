package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonPOJOBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * By what a pod is rewritten.
 *
 * @param toolkitImage the image with the toolkit: /usr/lib/lpm/entry, /usr/lib/lpm/install-toolkit and all they need
 * @param entryImage the image that the entry comes from when the pod needs the entry alone; it may hold no more than that
 * @param imagePullPolicy of both images; empty: Kubernetes' default
 * @param privileges who lends the privileges
 * @param delivery how entry or toolkit reaches the pod
 * @param standby the pod is the target of a migration, whether or not its checkpoint exists yet; a pod that names a
 *     checkpoint is one in any case
 * @param nest applications start in a PID and mount namespace of their own; only with {@link Privileges#POD}
 * @param lazy memory is restored lazily: with {@link Privileges#POD} this takes the seccomp profile off
 * @param repositoryClaim the PersistentVolumeClaim of the repository, in the pod's namespace; needed with and only used
 *     with {@link Privileges#POD}
 * @param keysConfigMap the ConfigMap, in the pod's namespace, whose entries *.pem are the public keys that the launcher
 *     trusts; needed with and only used with {@link Privileges#POD}
 * @param installResources of the init container; requests equal to limits keep the pod's quality of service
 * @param volumeSizeLimit of the emptyDir that the init container fills
 * @param hostDirectory the absolute path of the directory that the agent keeps: {@code entry}, and for
 *     {@link Privileges#POD} the directories {@code toolkit} and {@code repository}, the latter empty
 * @param defaultCapabilities what the cluster's runtime gives a container that names none, by name
 * @param standbyProbePeriodSeconds how often a standby container is asked whether it runs, at least 1
 * @param standbyProbeFailureThreshold how many times, at least 1; the product bounds the life of a standby
 * @param namespaceInjection the value of the label {@link domain.my.lpm.api.Labels#INJECTION} of the pod's namespace
 */
@JsonDeserialize(builder = Settings.Builder.class)
public record Settings(
        String toolkitImage,
        String entryImage,
        Optional<String> imagePullPolicy,
        Privileges privileges,
        Delivery delivery,
        boolean standby,
        boolean nest,
        boolean lazy,
        Optional<String> repositoryClaim,
        Optional<String> keysConfigMap,
        ResourceRequirements installResources,
        Quantity volumeSizeLimit,
        String hostDirectory,
        List<String> defaultCapabilities,
        int standbyProbePeriodSeconds,
        int standbyProbeFailureThreshold,
        Optional<String> namespaceInjection) {

    /** What CRI-O gives; containerd gives all of these and more, so that each of them can be relied on. */
    private static final List<String> CRI_O_CAPABILITIES = List.of(
            "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE");

    /**
     * @throws IllegalArgumentException when a setting is out of range or contradicts another, naming it and the remedy
     */
    public Settings {
        require(!toolkitImage.isBlank(), "toolkitImage is empty; name the image of the toolkit");
        require(!entryImage.isBlank(), "entryImage is empty; name an image or leave the setting away");
        require(
                !nest || privileges == Privileges.POD,
                "nest needs SYS_ADMIN in the container; set privileges to pod or nest to false");
        require(
                repositoryClaim.isPresent() || privileges == Privileges.AGENT,
                "privileges are lent by the pod, which then needs the repository itself; set repositoryClaim");
        require(
                keysConfigMap.isPresent() || privileges == Privileges.AGENT,
                "privileges are lent by the pod, whose launcher must know which keys to trust; set keysConfigMap");
        require(hostDirectory.startsWith("/"), "hostDirectory '" + hostDirectory + "' is no absolute path");
        require(standbyProbePeriodSeconds >= 1, "standbyProbePeriodSeconds must be at least 1");
        require(standbyProbeFailureThreshold >= 1, "standbyProbeFailureThreshold must be at least 1");
        defaultCapabilities = List.copyOf(defaultCapabilities);
        try {
            Capability.named(defaultCapabilities);
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException("setting defaultCapabilities: " + unknown.getMessage(), unknown);
        }
    }

    /** Starts from the defaults: privileges of the agent, delivery by an init container. */
    public static Builder builder() {
        return new Builder();
    }

    /** These settings for the pods of a namespace whose label {@link domain.my.lpm.api.Labels#INJECTION} has {@code value}. */
    public Settings withNamespaceInjection(String value) {
        return new Settings(
                toolkitImage,
                entryImage,
                imagePullPolicy,
                privileges,
                delivery,
                standby,
                nest,
                lazy,
                repositoryClaim,
                keysConfigMap,
                installResources,
                volumeSizeLimit,
                hostDirectory,
                defaultCapabilities,
                standbyProbePeriodSeconds,
                standbyProbeFailureThreshold,
                Optional.of(value));
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException("setting " + message);
        }
    }

    /** Collects settings; what is not set has its default. Jackson reads settings files by it. */
    @JsonPOJOBuilder(withPrefix = "")
    public static final class Builder {
        private @Nullable String toolkitImage;
        private @Nullable String entryImage;
        private @Nullable String imagePullPolicy;
        private Privileges privileges = Privileges.AGENT;
        private Delivery delivery = Delivery.INIT_CONTAINER;
        private boolean standby;
        private boolean nest;
        private boolean lazy;
        private @Nullable String repositoryClaim;
        private @Nullable String keysConfigMap;
        private @Nullable ResourceRequirements installResources;
        private @Nullable Quantity volumeSizeLimit;
        private String hostDirectory = "/var/lib/lpm";
        private List<String> defaultCapabilities = CRI_O_CAPABILITIES;
        private int standbyProbePeriodSeconds = 1;
        private int standbyProbeFailureThreshold = 3600;
        private @Nullable String namespaceInjection;

        private Builder() {}

        /** Required. */
        public Builder toolkitImage(String value) {
            toolkitImage = value;
            return this;
        }

        /** Default: the toolkit image. */
        public Builder entryImage(String value) {
            entryImage = value;
            return this;
        }

        /** Default: none, so that Kubernetes chooses. */
        public Builder imagePullPolicy(String value) {
            imagePullPolicy = value;
            return this;
        }

        /** Default: the agent's. */
        public Builder privileges(Privileges value) {
            privileges = value;
            return this;
        }

        /** Default: an init container. */
        public Builder delivery(Delivery value) {
            delivery = value;
            return this;
        }

        /** Default: false. */
        public Builder standby(boolean value) {
            standby = value;
            return this;
        }

        /** Default: false. */
        public Builder nest(boolean value) {
            nest = value;
            return this;
        }

        /** Default: false. */
        public Builder lazy(boolean value) {
            lazy = value;
            return this;
        }

        /** Default: none. */
        public Builder repositoryClaim(String value) {
            repositoryClaim = value;
            return this;
        }

        /** Default: none. */
        public Builder keysConfigMap(String value) {
            keysConfigMap = value;
            return this;
        }

        /** Default: 10m of CPU and 32Mi of memory for the entry, 100m and 128Mi for the toolkit. */
        public Builder installResources(ResourceRequirements value) {
            installResources = value;
            return this;
        }

        /** Default: 4Mi for the entry, 512Mi for the toolkit. */
        public Builder volumeSizeLimit(Quantity value) {
            volumeSizeLimit = value;
            return this;
        }

        /** Default: /var/lib/lpm. */
        public Builder hostDirectory(String value) {
            hostDirectory = value;
            return this;
        }

        /** Default: those of CRI-O. */
        public Builder defaultCapabilities(List<String> value) {
            defaultCapabilities = value;
            return this;
        }

        /** Default: 1. */
        public Builder standbyProbePeriodSeconds(int value) {
            standbyProbePeriodSeconds = value;
            return this;
        }

        /** Default: 3600, an hour at the default period. */
        public Builder standbyProbeFailureThreshold(int value) {
            standbyProbeFailureThreshold = value;
            return this;
        }

        /** Default: none, as without the label. */
        public Builder namespaceInjection(String value) {
            namespaceInjection = value;
            return this;
        }

        /**
         * Makes the settings.
         *
         * @throws IllegalArgumentException when one is missing, out of range or contradicts another
         */
        public Settings build() {
            if (toolkitImage == null) {
                throw new IllegalArgumentException("setting toolkitImage is missing; name the image of the toolkit");
            }
            boolean toolkit = privileges == Privileges.POD;
            return new Settings(
                    toolkitImage,
                    entryImage == null ? toolkitImage : entryImage,
                    Optional.ofNullable(imagePullPolicy),
                    privileges,
                    delivery,
                    standby,
                    nest,
                    lazy,
                    Optional.ofNullable(repositoryClaim),
                    Optional.ofNullable(keysConfigMap),
                    installResources == null ? resources(toolkit) : installResources,
                    volumeSizeLimit == null ? new Quantity(toolkit ? "512Mi" : "4Mi") : volumeSizeLimit,
                    hostDirectory,
                    defaultCapabilities,
                    standbyProbePeriodSeconds,
                    standbyProbeFailureThreshold,
                    Optional.ofNullable(namespaceInjection));
        }

        private static ResourceRequirements resources(boolean toolkit) {
            Quantity cpu = new Quantity(toolkit ? "100m" : "10m");
            Quantity memory = new Quantity(toolkit ? "128Mi" : "32Mi");
            return new ResourceRequirementsBuilder()
                    .addToRequests("cpu", cpu)
                    .addToRequests("memory", memory)
                    .addToLimits("cpu", cpu)
                    .addToLimits("memory", memory)
                    .build();
        }
    }
}
