import { expect, it } from "vitest";
import { asRpcError } from "./session.ts";

/** As TensorFlow throws it. */
function codeOf(message: string): unknown {
  try {
    return asRpcError(() => {
      throw new Error(message);
    });
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

it("knows exhausted memory by the messages of those who tell of it", () => {
  const primitive = (status: number): string =>
    `Session fail to run with error: Operation received an exception:Status: ${status}, message: could not create a primitive, in file tensorflow/core/kernels/mkl/mkl_conv_ops.cc:1112`;
  expect(codeOf(primitive(1))).toBe("out-of-memory");
  expect(codeOf("OOM when allocating tensor with shape[8,64,512,512] and type float")).toBe("out-of-memory");
  expect(codeOf("std::bad_alloc")).toBe("out-of-memory");
  // Status 3 is `dnnl_unimplemented`.
  expect(codeOf(primitive(3))).toBe("internal");
  expect(codeOf("Incompatible shapes: [2,3] vs. [3,2]")).toBe("internal");
});
