package io.gatun.perf.gpu;

import io.gatun.perf.results.Measurement;
import java.util.List;
import java.util.Map;

/**
 * All that one run on a GPU gave.
 *
 * @param emulated whether there was no GPU: the times say nothing then
 * @param date the day, as 2026-01-31
 * @param revision git's name for the source
 * @param facts of the machine, its GPU and the libraries, by name
 * @param sections in the order of the run
 * @param measurements in that order too
 * @param failures problems that went wrong, {@code section: problem}, each with the reason
 * @param refusals problems without a kernel, likewise
 */
public record GpuReport(
        boolean emulated,
        String date,
        String revision,
        Map<String, String> facts,
        List<Section> sections,
        List<Measurement> measurements,
        Map<String, String> failures,
        Map<String, String> refusals) {}
