### What the bot says in English.
###
### Line breaks in a text are kept. Values in braces are safe to show. Those that begin with "command-"
### are commands that a reader can press; bot/catalogue.py fills them in.

## Commands. Names: lower case, no spaces, at most 32 characters; descriptions at most 100.

ask-name = ask
ask-description = Get the passage that answers your question, word for word, with its source
ask-question = question
ask-question-description = Your question, in any language
ask-article = article
ask-article-description = Look in this article only
ask-private = private
ask-private-description = Show the answer only to you
evidence-name = Find evidence
sources-name = sources
sources-description = What is in the library
help-name = help
help-description = How to ask, and what the answers mean
privacy-name = privacy
privacy-description = What is stored about you; export it or erase it
admin-name = admin
admin-description = For those who look after this server and the library
reindex-name = reindex
reindex-description = Bring the index up to date with the articles

settings-name = settings
settings-description = Where, for whom and how strictly I answer in this server
status-name = status
status-description = How the bot and its library are doing
gaps-name = gaps
gaps-description = What was asked here without a good answer
stats-name = stats
stats-description = How many questions were asked here, and how many were answered
stats-days = days
stats-days-description = How many days to look back; 30 if you say nothing
add-name = add
add-description = Add an article to the library: a file, or text that you paste
add-file = file
add-file-description = A Markdown or text file; without one a form opens for pasted text
remove-name = remove
remove-description = Take an article out of the library; it can be restored
remove-article = article
remove-article-description = The article to take out
restore-name = restore
restore-description = Bring back an article that was removed
restore-article = article
restore-article-description = The article to bring back

## An answer

question = **Question:** { $text }
claim = **Looked up:** { $text }
asks = To “{ $text }”:
unsure = { $count ->
    [one] This passage comes closest; it may not answer your question.
   *[other] These passages come closest; they may not answer your question.
}
unsure-claim = { $count ->
    [one] This passage comes closest; it may say nothing about this.
   *[other] These passages come closest; they may say nothing about this.
}
unanswered = I found nothing in these articles that answers “{ $text }”.
no-answer = I found nothing in these articles that answers this.
no-evidence = I found nothing about this in these articles.
no-articles = There are no articles in my library yet.
library = The library holds:
more-titles = { $count ->
    [one] and one more
   *[other] and { $count } more
}
examples = You could ask, for example:
paragraph = paragraph { $number }
certainty = How sure: { $level ->
    [high] almost certain
    [good] very likely
    [fair] likely
   *[low] doubtful
}
passage-of = Passage { $number } of { $count }
page-of = Page { $number } of { $count }
claim-cut = The message is long; I looked up its first { $count } characters.
only-first = I looked up only the first { $most } questions. Please ask me again from “{ $text }” on.
link = Read the article
previous = Previous
next = Next
context = Context
context-title = The paragraphs around it, from **{ $title }**
back = Back to the answer
share = Share
remove = Remove
helpful = Helpful
not-helpful = Not helpful

## Buttons

changed = This paragraph has changed or is gone since I showed it. Please ask again.
forgotten = I no longer have this answer: questions are erased after a while. Please ask again.
shared = Shared. Everybody in this channel can see it now.
shared-already = You have shared this answer already.
may-not-share = Only who asked can share an answer.
may-not-remove = Only who asked, or who may manage messages here, can remove this answer.
thanks = Thank you. That helps whoever looks after these articles.
reason-title = What was not helpful?
reason-label = What did you expect? (optional)
reason-placeholder = For example: the passage is about another year
thanks-reason = Thank you. Those who look after these articles will see what you wrote.

## When a question is not looked up

hello = Ask me a question, and I will look for the passage that answers it: with { $command-ask }, in a direct message, or by mentioning me together with your question.
too-long = Your question is { $length } characters long, and I read at most { $limit }. Please ask it more briefly.
no-text = This message has no text that I could look up.
preparing = The library is being prepared. Please ask again in a minute or two.
preparing-progress = The library is being prepared: { $done } of { $total } texts are read. Please ask again in a few minutes.
cooldown = You have asked a lot in a short time. Please ask again { $when }.
queue-full = Too many questions are waiting. Please ask again { $when }.
not-here = I do not answer in this channel. Ask me in { $channels }.
not-your-role = In this server only some roles may ask me. Whoever manages the server can change that.
cannot-write = I may not write in { $channel }, so here is my answer in private. Whoever manages the server can allow it.
cannot-share = I may not write in { $channel }, so I cannot share it there. Whoever manages the server can allow it.
unknown-article = There is no such article in my library. Pick one from the list while you type.
stopping = I am being restarted. Please try again in a minute.
command-changed = This has changed since you last saw it. Please pick the command again after typing `/`.
failed = Sorry, something went wrong on my side. Please try again later; whoever runs me finds it in the log under `{ $identifier }`.

## What is in the library

sources-title = { $articles ->
    [one] **The library holds one article.**
   *[other] **The library holds { $articles } articles.**
}
source-paragraphs = { $count ->
    [one] one paragraph
   *[other] { $count } paragraphs
}

## Help

help =
    { "" }**I show the passage that answers your question, word for word, with its source.**
    I never write an answer of my own. If the articles do not answer your question, I say so.
    { "" }
    { "" }**How to ask**
    - { $command-ask } and your question, in any language. `article` looks in one article only; `private` shows the answer only to you.
    - Mention me in a channel together with your question, or write to me directly.
    - Reply to one of my answers to ask a follow-up question. Let the reply mention me; if it answers { $command-ask }, write the mention into it.
    - Open a message's menu, then *Apps*, then *Find evidence*, to see what the articles say about it.
    { "" }
    { "" }**How to read an answer**
    The sentence in bold is the one that I take to answer. *Context* shows the paragraphs around it, *Next* another passage. “Doubtful” means that the passage may not answer.
    { "" }
    { $command-sources } lists the articles. { $command-privacy } says what is stored about you.

## Privacy

privacy =
    { "" }**What I store about you**
    Your questions, the messages that you looked up, what I answered, and what you thought of it. They are kept so that the buttons under an answer work and so that those who look after the articles see what is missing, private questions included. In place of your name or your id stands a code that only I can match to you.
    Questions asked here are erased after { $days ->
        [one] one day
       *[other] { $days } days
    }; every server sets its own time, and direct messages are kept for { $standard } days. Nothing is sent to anybody else: I look things up on the machine I run on.
    { "" }
    Stored about you now: { $questions ->
        [0] no questions
        [one] one question
       *[other] { $questions } questions
    } and { $ratings ->
        [0] no ratings
        [one] one rating
       *[other] { $ratings } ratings
    }.
export = Export my data
erase = Erase my data
export-ready = Here is everything that is stored about you.
erase-ask = Erase all your questions and ratings? The buttons under your earlier answers will stop working.
erase-yes = Yes, erase
erase-no = No, keep
erased = { $questions ->
    [0] { $ratings ->
        [0] There was nothing to erase.
        [one] Erased: one rating.
       *[other] Erased: { $ratings } ratings.
    }
    [one] Erased: one question, and { $ratings ->
        [one] one rating
       *[other] { $ratings } ratings
    }.
   *[other] Erased: { $questions } questions, and { $ratings ->
        [one] one rating
       *[other] { $ratings } ratings
    }.
}
kept = Nothing was erased.

## Who may do what

may-not-manage = Only members who may manage this server can do that.
not-the-owner = In direct messages only the owner of this bot can do that.
not-added = I have not been added to this server, so there is nothing here to look after.

## Reindex

progress = { $total ->
    [one] Encoding the articles: { $done } of one text …
   *[other] Encoding the articles: { $done } of { $total } texts …
}
reindexed = **The index is up to date.** It took { $seconds } s.
reindexed-articles = Articles: { $added } added, { $changed } changed, { $removed } removed, { $unchanged } unchanged.
reindexed-passages = Passages: { $encoded } newly encoded, { $passages } in all.
reindexed-rebuilt = The index was built anew; the log says why.
left-out = Left out:
left-out-file = { $path }: { $reason }.
left-out-line = { $path }, line { $line }: { $reason }.
more-left-out = { $count ->
    [one] and one more file; `beleg check` lists them all
   *[other] and { $count } more files; `beleg check` lists them all
}
reindex-failed = The reindex failed, so the old index stays in use. { $sentence }
reindex-not-saved = The index could not be saved, so the old one stays in use. Whoever runs me finds the reason in the log; most often the disk is full or the data folder cannot be written.
reindex-stopped = I am being stopped, so the reindex was broken off. The old index stays in use.

## Settings of a server

server-only = This belongs to a server: use the command there.
settings-title =
    { "" }**Settings of this server**
    Changes take effect at once.
settings-channels = **Channels** in which I answer
settings-channels-all = All channels
settings-channels-gone = { $left ->
    [0] The channels chosen here no longer exist, so I answer nowhere. Choose others or take the choice back:
   *[other] Some of the channels chosen here no longer exist.
}
settings-askers = **Who may ask**
settings-askers-all = Everyone
settings-askers-gone = { $left ->
    [0] The roles chosen here no longer exist, so nobody may ask. Choose others or take the choice back:
   *[other] Some of the roles chosen here no longer exist.
}
settings-strictness = **How sure I must be** before I call a passage an answer
settings-strictness-looser = Looser: more answers, more of them wrong
settings-strictness-normal = Normal
settings-strictness-stricter = Stricter: fewer answers, fewer of them wrong
settings-language = **Language** of what I say; passages stay as they were written
settings-language-auto = Each member's own
settings-days = **How long questions are kept**
settings-days-count = { $days ->
    [one] one day
   *[other] { $days } days
}
settings-private = **Answers to { $command-ask }**, unless the asker says otherwise
settings-private-on = Only for the asker
settings-private-off = For everyone

## Status

status-title = **How I am doing**
status-articles = Articles: { $count }
status-passages = Passages: { $count }
status-model = Model: { $name }
status-index = Index on disk: { $megabytes } MB
status-reindex = A reindex is running: { $done } of { $total } texts are read.
status-memory = Memory: { $megabytes } MB
status-queue = Questions in hand: { $count }
status-uptime = Started: { $when }
status-version = Version: { $version }

## Gaps and figures

gaps-title = **What was asked here without a good answer**, the most asked first
gaps-none = Every question that was asked here has a good answer, or none was asked yet.
gap-counts = asked { $asked ->
    [one] once
   *[other] { $asked } times
}, { $unanswered } without a clear answer{ $dislikes ->
    [0] { "" }
   *[other] { "" }, { $dislikes } marked as not helpful
}
gap-wordings = { $count ->
    [one] and one other wording
   *[other] and { $count } other wordings
}
gap-reason = “{ $text }”
gaps-more = and { $count } more: the table has them all
gaps-export = Export as CSV
gaps-file = All of them, as a table.
gaps-column-question = Question
gaps-column-asked = Asked
gaps-column-unanswered = Without a clear answer
gaps-column-not-helpful = Not helpful
gaps-column-last-asked = Last asked
gaps-column-wordings = Other wordings
gaps-column-reasons = Reasons given
stats-title = { $days ->
    [one] **The last day in this server**
   *[other] **The last { $days } days in this server**
}
stats-none = Nothing was asked.
stats-questions = Questions: { $count }{ $daily ->
    [0] { "" }
   *[other] { "" }, { $daily } a day
}
stats-shares = Answered: { $answered }%, doubtful: { $unsure }%, not in the articles: { $refused }%
stats-ratings = Marked as helpful: { $likes }, as not helpful: { $dislikes }
stats-claims = Messages looked up: { $count }
stats-days-title = **Day by day**
stats-day = { $count ->
    [one] one question
   *[other] { $count } questions
}, { $answered } answered
stats-top = **What answered most often**
stats-times = { $count ->
    [one] once
   *[other] { $count } times
}

## Adding and removing articles

may-not-edit = All servers share this library, so it can only be changed where whoever runs me has allowed it.
add-too-large = This file is too large: an article may have { $megabytes } MB at most.
add-form-title = Add an article
add-form-title-field = Title
add-form-author = Author (optional)
add-form-url = Link (optional)
add-form-text = Text, with a blank line between paragraphs
add-yes = Add to the library
cancel = Cancel
cancelled = Nothing was changed.
added = **The article was added.**
removed = **The article was removed.** { $command-restore } brings it back.
restored = **The article was brought back.**
remove-ask = Take **{ $title }** out of the library, for all servers? It can be restored later.
remove-yes = Yes, remove it
draft-title = **{ $title }**
draft-preview = This is a preview; nothing has been added yet.
draft-facts = It will be stored as { $file }. { $paragraphs ->
    [one] One paragraph
   *[other] { $paragraphs } paragraphs
}, language: { $language }.
draft-notes = What was noticed:
draft-note = line { $line }: { $text }
draft-more-notes = { $count ->
    [one] and one more note
   *[other] and { $count } more notes
}
draft-more = { $count ->
    [one] and one more paragraph
   *[other] and { $count } more paragraphs
}
draft-gone = This preview is too old. Please add the article again.
