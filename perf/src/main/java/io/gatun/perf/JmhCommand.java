package io.gatun.perf;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * Hands everything to JMH: {@code gatun jmh Gemm -prof gc}, {@code gatun jmh -h} for its options. JMH starts its
 * measuring JVMs with the class path of this one, so a module path becomes the class path first.
 */
@Command(name = "jmh", description = "Run the JMH benchmarks; all arguments are JMH's own (try: gatun jmh -l).")
final class JmhCommand implements Callable<Integer> {
    private static final String JVM_ARGUMENTS =
            "--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx2g";

    @Parameters(arity = "0..*", paramLabel = "ARGUMENT", description = "JMH's arguments: a pattern, -prof gc, -f 1, …")
    private List<String> arguments = List.of();

    JmhCommand() {}

    @Override
    public Integer call() throws Exception {
        String modulePath = System.getProperty("jdk.module.path");
        if (modulePath != null && !modulePath.isEmpty()) {
            System.setProperty("java.class.path", jars(modulePath));
        }
        List<String> all = new ArrayList<>(arguments);
        if (!arguments.contains("-jvmArgs")) {
            all.add("-jvmArgs");
            all.add(JVM_ARGUMENTS);
        }
        org.openjdk.jmh.Main.main(all.toArray(String[]::new));
        return 0;
    }

    /** A class path takes every jar of a folder by a star, a module path by the folder's name. */
    private static String jars(String modulePath) {
        List<String> entries = new ArrayList<>();
        for (String entry : modulePath.split(File.pathSeparator)) {
            boolean jars = new File(entry).isDirectory() && !new File(entry, "module-info.class").exists();
            entries.add(jars ? entry + File.separator + "*" : entry);
        }
        return String.join(File.pathSeparator, entries);
    }
}
