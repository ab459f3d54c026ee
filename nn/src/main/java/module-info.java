/** Layers, optimizers, data, file formats and the trainer. */
module io.gatun.nn {
    requires transitive io.gatun.autograd;
    requires com.fasterxml.jackson.core;
    requires de.siegmar.fastcsv;
    requires jdk.jfr;

    // Decodes picture files; needed by io.gatun.nn.data.folder alone, which says so where it is absent.
    requires static java.desktop;

    exports io.gatun.nn;
    exports io.gatun.nn.compress;
    exports io.gatun.nn.data;
    exports io.gatun.nn.data.folder;
    exports io.gatun.nn.data.image;
    exports io.gatun.nn.data.sample;
    exports io.gatun.nn.data.table;
    exports io.gatun.nn.data.text;
    exports io.gatun.nn.explain;
    exports io.gatun.nn.io;
    exports io.gatun.nn.log;
    exports io.gatun.nn.metric;
    exports io.gatun.nn.model;
    exports io.gatun.nn.optim;
    exports io.gatun.nn.quantize;
    exports io.gatun.nn.search;
    exports io.gatun.nn.train;
}
