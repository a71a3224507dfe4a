package domain.my.lpm.webhook.rewrite;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.Pod;

/** One mapper for all, with one order of fields, so that equal values give equal text. */
final class Json {
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private Json() {}

    static Pod copy(Pod pod) {
        try {
            return MAPPER.treeToValue(MAPPER.valueToTree(pod), Pod.class);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a pod that was read from JSON cannot be written as such", impossible);
        }
    }

    static String text(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("what the rewrite made cannot be written as JSON", impossible);
        }
    }
}
