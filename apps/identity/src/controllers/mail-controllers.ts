import {
  DeadLetterServiceService,
  type DeleteDeadLettersRequest,
  type DeleteDeadLettersResponse,
  type DeleteMailTemplateRequest,
  type DeleteMailTemplateResponse,
  type GetMailTemplateRequest,
  type GetMailTemplateResponse,
  type ListDeadLettersRequest,
  type ListDeadLettersResponse,
  type ListMailTemplatesRequest,
  type ListMailTemplatesResponse,
  MailTemplateServiceService,
  type PreviewMailTemplateRequest,
  type PreviewMailTemplateResponse,
  type ReplayDeadLettersRequest,
  type ReplayDeadLettersResponse,
  type UpdateMailTemplateRequest,
  type UpdateMailTemplateResponse,
} from '@authority/contracts/admin';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { IDENTITY_CORE, type IdentityCore } from '../tokens.ts';

/** Templates of mails for operators; forwarded by admin. */
@GrpcController(MailTemplateServiceService)
export class MailTemplateController implements Handlers<typeof MailTemplateServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listMailTemplates(request: ListMailTemplatesRequest, call: Call): Promise<ListMailTemplatesResponse> {
    return this.#core.mailTemplates.listMailTemplates(request, call);
  }

  getMailTemplate(request: GetMailTemplateRequest, call: Call): Promise<GetMailTemplateResponse> {
    return this.#core.mailTemplates.getMailTemplate(request, call);
  }

  updateMailTemplate(request: UpdateMailTemplateRequest, call: Call): Promise<UpdateMailTemplateResponse> {
    return this.#core.mailTemplates.updateMailTemplate(request, call);
  }

  deleteMailTemplate(request: DeleteMailTemplateRequest, call: Call): Promise<DeleteMailTemplateResponse> {
    return this.#core.mailTemplates.deleteMailTemplate(request, call);
  }

  previewMailTemplate(request: PreviewMailTemplateRequest, call: Call): Promise<PreviewMailTemplateResponse> {
    return this.#core.mailTemplates.previewMailTemplate(request, call);
  }
}

/** What could not be delivered, for operators; forwarded by admin. */
@GrpcController(DeadLetterServiceService)
export class DeadLetterController implements Handlers<typeof DeadLetterServiceService> {
  readonly #core: IdentityCore;

  constructor(@Inject(IDENTITY_CORE) core: IdentityCore) {
    this.#core = core;
  }

  listDeadLetters(request: ListDeadLettersRequest, call: Call): Promise<ListDeadLettersResponse> {
    return this.#core.deadLetters.listDeadLetters(request, call);
  }

  replayDeadLetters(request: ReplayDeadLettersRequest, call: Call): Promise<ReplayDeadLettersResponse> {
    return this.#core.deadLetters.replayDeadLetters(request, call);
  }

  deleteDeadLetters(request: DeleteDeadLettersRequest, call: Call): Promise<DeleteDeadLettersResponse> {
    return this.#core.deadLetters.deleteDeadLetters(request, call);
  }
}
