/** Where the uploads of one person stand that were cut off: tus-js-client's own memory is for all who use a browser. */
import type { PreviousUpload, UrlStorage } from "tus-js-client";
import { kept, type Kept } from "./kept";

const NAME = "upload:";

export class KeptUploads implements UrlStorage {
  constructor(private mine: Kept = kept) {}

  findAllUploads(): Promise<PreviousUpload[]> {
    return Promise.resolve(this.find(NAME));
  }

  findUploadsByFingerprint(fingerprint: string): Promise<PreviousUpload[]> {
    return Promise.resolve(this.find(`${NAME}${fingerprint}:`));
  }

  removeUpload(urlStorageKey: string): Promise<void> {
    this.mine.remove(urlStorageKey);
    return Promise.resolve();
  }

  addUpload(fingerprint: string, upload: PreviousUpload): Promise<string> {
    const urlStorageKey = `${NAME}${fingerprint}:${Date.now()}`;
    this.mine.write(urlStorageKey, { ...upload, urlStorageKey });
    return Promise.resolve(urlStorageKey);
  }

  private find(prefix: string): PreviousUpload[] {
    return this.mine
      .names(prefix)
      .map((name) => this.mine.read<PreviousUpload>(name))
      .filter((one) => one !== undefined);
  }
}
