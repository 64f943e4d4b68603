/** Importing this teaches the trace backend every kernel it knows. */
import "./elementwise.ts";
import "./own.ts";
import "./reduction.ts";
import "./shape.ts";
