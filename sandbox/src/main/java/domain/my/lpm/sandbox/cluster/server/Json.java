package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** Reading and writing the objects of the API. */
final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.USE_LONG_FOR_INTS)
            .build();

    private Json() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static byte[] bytes(JsonNode value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static JsonNode read(byte[] body) {
        try {
            return MAPPER.readTree(body);
        } catch (IOException wrong) {
            throw ApiException.badRequest("the body is no JSON: " + wrong.getMessage());
        }
    }

    static ObjectNode readObject(byte[] body) {
        return asObject(read(body));
    }

    /** YAML, of which JSON is a part. */
    static ObjectNode readYaml(byte[] body) {
        try {
            return asObject(YAML.readTree(body));
        } catch (IOException wrong) {
            throw ApiException.badRequest("the body is no YAML: " + wrong.getMessage());
        }
    }

    private static ObjectNode asObject(JsonNode value) {
        if (value instanceof ObjectNode object) {
            return object;
        }
        throw ApiException.badRequest("the body is no object");
    }

    static ObjectNode metadata(ObjectNode object) {
        return object.withObject("/metadata");
    }

    static String text(JsonNode object, String pointer) {
        return object.at(pointer).asText("");
    }

    static Map<String, String> labels(JsonNode object) {
        Map<String, String> labels = new TreeMap<>();
        object.at("/metadata/labels")
                .properties()
                .forEach(entry -> labels.put(entry.getKey(), entry.getValue().asText()));
        return labels;
    }
}
