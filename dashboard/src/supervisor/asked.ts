/** A number whose meaning somebody wants to know. */
export interface Asked {
  /** Id of the catalogue: GET /v1/metrics. */
  metric: string;
  /** As it is written, with its unit. */
  text: string;
  /** Id of the queue or site that it is about. */
  scope: string;
  /** Of the half-hour that starts then; null: of the rolling one, or of now. */
  start: number | null;
  /** It is made of contacts that the API can list. */
  ofContacts: boolean;
}
