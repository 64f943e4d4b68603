/** The same copy under its other name. */
module.exports = require("../tfjs/index.cjs");
