package io.gatun.perf.results;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One JSON object being read; what is missing or of another kind is an IllegalArgumentException that says where.
 *
 * @param path of the object, such as {@code benchmarks[3].}
 */
public record Fields(Map<?, ?> values, String path) {
    public String text(String key) {
        return get(key, String.class, "text");
    }

    public double number(String key) {
        return get(key, Double.class, "a number");
    }

    public Fields object(String key) {
        return new Fields(get(key, Map.class, "an object"), path + key + ".");
    }

    public List<Fields> objects(String key) {
        List<Fields> objects = new ArrayList<>();
        for (Object element : get(key, List.class, "a list")) {
            String place = path + key + "[" + objects.size() + "]";
            if (!(element instanceof Map<?, ?> map)) {
                throw new IllegalArgumentException(place + " is no object");
            }
            objects.add(new Fields(map, place + "."));
        }
        return objects;
    }

    public double[] numbers(String key) {
        List<?> list = get(key, List.class, "a list");
        double[] numbers = new double[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!(list.get(i) instanceof Double number)) {
                throw new IllegalArgumentException(path + key + "[" + i + "] is no number");
            }
            numbers[i] = number;
        }
        return numbers;
    }

    public boolean flag(String key) {
        return get(key, Boolean.class, "true or false");
    }

    /** An object whose values are all text. */
    public Map<String, String> texts(String key) {
        Fields object = object(key);
        Map<String, String> texts = new LinkedHashMap<>();
        object.values.keySet().forEach(name -> texts.put(name.toString(), object.text(name.toString())));
        return texts;
    }

    /** Whether there is such a key. */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    private <T> T get(String key, Class<T> type, String kind) {
        Object value = values.get(key);
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(path + key + (value == null ? " is missing" : " is not " + kind));
        }
        return type.cast(value);
    }
}
