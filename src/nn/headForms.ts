/** What heads differ in from one architecture to another, as Hugging Face's classes of the same names have them. */
import type { Activation, Architecture, ModelConfig } from "./EncoderModel.ts";

export interface HeadForm {
  /** First layer of the head over a pair: BERT's pooler, elsewhere a layer that belongs to the head alone. */
  readonly dense: "pooler.dense" | "pre_classifier";
  /** What follows it. */
  readonly activation: Activation;
  /** The first token is dropped out before that layer too. */
  readonly dropsInput: boolean;
  /** In the head that guesses words; absent: the encoder's own. */
  readonly wordActivation?: Activation;
}

/** `RobertaClassificationHead`, `RobertaLMHead`. */
const roberta: HeadForm = { dense: "pre_classifier", activation: "tanh", dropsInput: true, wordActivation: "gelu" };

const headForms: { readonly [A in Architecture]: HeadForm } = {
  /** `BertForSequenceClassification`, `BertLMPredictionHead`. */
  bert: { dense: "pooler.dense", activation: "tanh", dropsInput: false },
  roberta,
  "xlm-roberta": roberta,
  camembert: roberta,
  /** `DistilBertForSequenceClassification`, `DistilBertForMaskedLM`. */
  distilbert: { dense: "pre_classifier", activation: "relu", dropsInput: false },
  /** `ElectraClassificationHead`, `ElectraGeneratorPredictions`. */
  electra: { dense: "pre_classifier", activation: "gelu", dropsInput: true, wordActivation: "gelu" },
};

export const headFormOf = ({ architecture }: ModelConfig): HeadForm => headForms[architecture];
