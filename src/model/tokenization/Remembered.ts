/** Results by word: text repeats its words, so that most are looked up and not computed. Forgets all of them when it is full. */
export class Remembered<Value> {
  private readonly values = new Map<string, Value>();
  private readonly compute: (word: string) => Value;

  constructor(compute: (word: string) => Value) {
    this.compute = compute;
  }

  get(word: string): Value {
    const known = this.values.get(word);
    if (known !== undefined) return known;
    const value = this.compute(word);
    // Long pieces hardly come twice.
    if (word.length > mostLength) return value;
    if (this.values.size >= mostWords) this.values.clear();
    this.values.set(word, value);
    return value;
  }
}

const mostWords = 50_000;
const mostLength = 256;
