/** Where the hub is and how to speak to it, from the environment; the names are those of Hugging Face's own libraries where they have one. */

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** A folder with models in it, for work without network. */
  readonly mirror: string | undefined;
  /** The variable that forbids the network, where one does. */
  readonly offline: string | undefined;
}

export const mirrorVariable = "PIPELINE_HUB_MIRROR";

export function hubSettings(env: { readonly [name: string]: string | undefined }): HubSettings {
  const given = (name: string): string | undefined => (env[name]?.trim() === "" ? undefined : env[name]?.trim());
  return {
    endpoint: (given("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    token: given("HF_TOKEN"),
    mirror: given(mirrorVariable),
    offline: ["HF_HUB_OFFLINE", "PIPELINE_OFFLINE"].find((name) => isOn(given(name))),
  };
}

const isOn = (value: string | undefined): boolean =>
  value !== undefined && ["1", "on", "yes", "true"].includes(value.toLowerCase());
