package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.CropMirrorNormalizeSpec;

record ReferenceCropMirrorNormalize(CropMirrorNormalizeSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:cropmirrornormalize";
    }

    @Override
    public void execute(long[] frame) {
        long to = 0;
        for (int image = 0; image < spec.n(); image++) {
            int top = Raw.i32(frame[2], 3L * image);
            int left = Raw.i32(frame[2], 3L * image + 1);
            boolean mirrored = Raw.i32(frame[2], 3L * image + 2) != 0;
            for (int y = 0; y < spec.oh(); y++) {
                for (int x = 0; x < spec.ow(); x++) {
                    long row = (long) top + y;
                    long column = (long) left + (mirrored ? spec.ow() - 1 - x : x);
                    boolean inside = row >= 0 && row < spec.h() && column >= 0 && column < spec.w();
                    long pixel = ((image * (long) spec.h() + row) * spec.w() + column) * spec.c();
                    for (int k = 0; k < spec.c(); k++) {
                        int value = inside ? Raw.i8(frame[0], pixel + k) & 0xFF : 0;
                        Raw.f32(frame[3], to++, Raw.f32(frame[1], 256L * k + value));
                    }
                }
            }
        }
    }
}
