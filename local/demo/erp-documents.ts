import { type Collection, DocumentSchema, type ErpDocument } from './erp-call.ts'
import { appendLine, readLines } from './lines-file.ts'

/** What the demo ERP has of each collection, in the order it was created. */
export class ErpDocuments {
  readonly #documents = new Map<string, ErpDocument>()
  readonly #file: string | undefined

  /** @param file they survive in it, one line for each write */
  constructor(file?: string) {
    this.#file = file
    for (const line of readLines(file)) {
      const document = DocumentSchema.parse(JSON.parse(line))
      this.#documents.set(document.id, document)
    }
  }

  get(id: string): ErpDocument | undefined {
    return this.#documents.get(id)
  }

  of(collection: Collection, reference?: string): ErpDocument[] {
    return [...this.#documents.values()].filter(
      (document) =>
        document.collection === collection && (reference === undefined || document.reference === reference),
    )
  }

  put(document: ErpDocument): void {
    this.#documents.set(document.id, document)
    appendLine(this.#file, document)
  }
}
