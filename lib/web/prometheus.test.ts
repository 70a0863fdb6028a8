import { expect, test } from "vitest";
import { prometheusText } from "./prometheus";

test("metrics are written as Prometheus reads them, whatever stands in a label or a help", () => {
  const text = prometheusText([
    { name: "a_total", help: "One\\two\nthree.", type: "counter", samples: [{ value: 3 }] },
    {
      name: "b",
      help: "B.",
      type: "gauge",
      samples: [
        { labels: { what: 'say "hi"\\\n', code: "406" }, value: 0.5 },
        { labels: {}, value: Number.NaN },
        { value: Number.POSITIVE_INFINITY },
        { value: Number.NEGATIVE_INFINITY },
        { value: 1e21 },
      ],
    },
    { name: "c", help: "Nothing yet.", type: "gauge", samples: [] },
  ]);
  expect(text).toBe(
    [
      "# HELP a_total One\\\\two\\nthree.",
      "# TYPE a_total counter",
      "a_total 3",
      "# HELP b B.",
      "# TYPE b gauge",
      'b{what="say \\"hi\\"\\\\\\n",code="406"} 0.5',
      "b NaN",
      "b +Inf",
      "b -Inf",
      "b 1e+21",
      "# HELP c Nothing yet.",
      "# TYPE c gauge",
      "",
    ].join("\n"),
  );
});
