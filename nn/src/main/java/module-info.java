/** Layers, optimizers, data, file formats and the trainer. */
module io.gatun.nn {
    requires transitive io.gatun.autograd;
    requires com.fasterxml.jackson.core;

    // Decodes picture files; needed by io.gatun.nn.data.folder alone, which says so where it is absent.
    requires static java.desktop;

    exports io.gatun.nn;
    exports io.gatun.nn.data;
    exports io.gatun.nn.data.folder;
    exports io.gatun.nn.data.image;
    exports io.gatun.nn.io;
    exports io.gatun.nn.model;
    exports io.gatun.nn.optim;
    exports io.gatun.nn.train;
}
