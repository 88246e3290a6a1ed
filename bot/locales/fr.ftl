### Ce que le bot dit en français.
###
### Il tutoie. Devant ; ! et ? se trouve une espace fine insécable (U+202F), devant les deux-points et
### à l’intérieur des guillemets une espace insécable (U+00A0). En français, [one] vaut aussi pour 0.
### Les valeurs entre accolades peuvent être affichées sans risque.

## Commandes. Noms : minuscules, sans espace, 32 caractères au plus ; descriptions : 100 au plus.

ask-name = demander
ask-description = Montre mot pour mot le passage qui répond à ta question, avec sa source
ask-question = question
ask-question-description = Ta question, dans n’importe quelle langue
ask-article = article
ask-article-description = Chercher seulement dans cet article
ask-private = privé
ask-private-description = Ne montrer la réponse qu’à toi
evidence-name = Chercher des preuves
sources-name = sources
sources-description = Ce que contient la bibliothèque
help-name = aide
help-description = Comment poser une question et comprendre les réponses
privacy-name = confidentialité
privacy-description = Ce qui est enregistré sur toi ; l’exporter ou l’effacer
admin-name = admin
admin-description = Pour les personnes qui s’occupent de ce serveur et de la bibliothèque
reindex-name = réindexer
reindex-description = Mettre l’index à jour d’après les articles

settings-name = paramètres
settings-description = Où, à qui et avec quelle exigence je réponds sur ce serveur
status-name = état
status-description = Comment vont le bot et sa bibliothèque
gaps-name = lacunes
gaps-description = Ce qui a été demandé ici sans recevoir de bonne réponse
stats-name = statistiques
stats-description = Combien de questions ont été posées ici, et combien ont reçu une réponse
stats-days = jours
stats-days-description = Sur combien de jours ; 30 si tu ne précises rien
add-name = ajouter
add-description = Ajouter un article à la bibliothèque : un fichier, ou un texte que tu colles
add-file = fichier
add-file-description = Un fichier Markdown ou texte ; sans fichier, un formulaire s’ouvre pour coller le texte
remove-name = retirer
remove-description = Retirer un article de la bibliothèque ; il peut être restauré
remove-article = article
remove-article-description = L’article à retirer
restore-name = restaurer
restore-description = Remettre un article qui a été retiré
restore-article = article
restore-article-description = L’article à remettre

## Une réponse

question = **Question :** { $text }
claim = **Recherche :** { $text }
asks = Pour « { $text } » :
unsure = { $count ->
    [one] Ce passage est le plus proche ; il ne répond peut-être pas à ta question.
   *[other] Ces passages sont les plus proches ; ils ne répondent peut-être pas à ta question.
}
unsure-claim = { $count ->
    [one] Ce passage est le plus proche ; il n’en dit peut-être rien.
   *[other] Ces passages sont les plus proches ; ils n’en disent peut-être rien.
}
unanswered = Je n’ai pas trouvé dans ces articles de réponse à « { $text } ».
no-answer = Je n’ai pas trouvé de réponse dans ces articles.
no-evidence = Je n’ai rien trouvé à ce sujet dans ces articles.
no-articles = Il n’y a pas encore d’article dans ma bibliothèque.
library = La bibliothèque contient :
more-titles = { $count ->
    [one] et { $count } autre
   *[other] et { $count } autres
}
examples = Tu pourrais demander, par exemple :
paragraph = paragraphe { $number }
certainty = Pertinence : { $level ->
    [high] presque certaine
    [good] très probable
    [fair] probable
   *[low] douteuse
}
passage-of = Passage { $number } sur { $count }
page-of = Page { $number } sur { $count }
claim-cut = Le message est long ; j’ai fait la recherche avec ses { $count } premiers caractères.
only-first = Je n’ai cherché que pour les { $most } premières questions. Pose-moi encore les autres, à partir de « { $text } ».
link = Lire l’article
previous = Précédent
next = Suivant
context = Contexte
context-title = Les paragraphes autour, tirés de **{ $title }**
back = Revenir à la réponse
share = Partager
remove = Supprimer
helpful = Utile
not-helpful = Pas utile

## Boutons

changed = Ce paragraphe a changé ou a disparu depuis que je l’ai montré. Repose ta question, s’il te plaît.
forgotten = Je n’ai plus cette réponse : les questions sont effacées au bout d’un certain temps. Repose ta question, s’il te plaît.
shared = C’est partagé. Tout le monde dans ce salon peut maintenant voir la réponse.
shared-already = Tu as déjà partagé cette réponse.
may-not-share = Seule la personne qui a posé la question peut partager la réponse.
may-not-remove = Pour supprimer cette réponse, il faut avoir posé la question ou pouvoir gérer les messages ici.
thanks = Merci. Cela aide les personnes qui s’occupent de ces articles.
reason-title = Qu’est-ce qui n’a pas été utile ?
reason-label = À quoi t’attendais-tu ? (facultatif)
reason-placeholder = Par exemple : le passage parle d’une autre année
thanks-reason = Merci. Les personnes qui s’occupent de ces articles verront ce que tu as écrit.

## Quand une question ne donne pas lieu à une recherche

hello = Pose-moi une question, et je chercherai le passage qui y répond : avec { $command-ask }, en message privé, ou en me mentionnant avec ta question.
too-long = Ta question fait { $length } caractères, et j’en lis { $limit } au plus. Raccourcis-la, s’il te plaît.
no-text = Ce message ne contient pas de texte pour lancer une recherche.
preparing = La bibliothèque est en préparation. Repose ta question dans une minute ou deux, s’il te plaît.
preparing-progress = La bibliothèque est en préparation : textes lus, { $done } sur { $total }. Repose ta question dans quelques minutes, s’il te plaît.
cooldown = Tu as posé beaucoup de questions en peu de temps. Réessaie { $when }, s’il te plaît.
queue-full = Trop de questions attendent en ce moment. Repose la tienne { $when }, s’il te plaît.
not-here = Je ne réponds pas dans ce salon. Pose-moi ta question dans { $channels }.
not-your-role = Sur ce serveur, seuls certains rôles peuvent m’interroger. Les personnes qui gèrent le serveur peuvent changer cela.
cannot-write = Je n’ai pas le droit d’écrire dans { $channel }, alors je te réponds ici en privé. Les personnes qui gèrent le serveur peuvent me l’accorder.
cannot-share = Je ne peux pas écrire dans { $channel }, donc je ne peux pas y partager la réponse. Les personnes qui gèrent le serveur peuvent l’autoriser.
unknown-article = Cet article n’est pas dans ma bibliothèque. Choisis-en un dans la liste pendant que tu écris.
stopping = Je suis en train de redémarrer. Réessaie dans une minute, s’il te plaît.
command-changed = Cela a changé depuis la dernière fois que tu l’as vu. Tape `/` et choisis à nouveau la commande, s’il te plaît.
failed = Désolé, quelque chose s’est mal passé de mon côté. Réessaie plus tard, s’il te plaît ; la personne qui m’héberge trouvera l’erreur dans le journal sous `{ $identifier }`.

## Ce que contient la bibliothèque

sources-title = { $articles ->
    [0] **La bibliothèque ne contient aucun article.**
    [one] **La bibliothèque contient un article.**
   *[other] **La bibliothèque contient { $articles } articles.**
}
source-paragraphs = { $count ->
    [one] { $count } paragraphe
   *[other] { $count } paragraphes
}

## Aide

help =
    { "" }**Je montre mot pour mot le passage qui répond à ta question, avec sa source.**
    Je n’écris jamais de réponse moi-même. Si les articles ne répondent pas à ta question, je le dis.
    { "" }
    { "" }**Comment poser une question**
    - { $command-ask } et ta question, dans n’importe quelle langue. Avec `article`, je cherche dans un seul article ; avec `privé`, je ne montre la réponse qu’à toi.
    - Mentionne-moi dans un salon avec ta question, ou écris-moi en message privé.
    - Réponds à l’une de mes réponses pour enchaîner avec une autre question. Laisse la mention activée ; si c’est une réponse à { $command-ask }, écris-la dans le texte.
    - Ouvre le menu d’un message, puis *Applications*, puis *Chercher des preuves*, pour voir ce que les articles en disent.
    { "" }
    { "" }**Comment lire une réponse**
    La phrase en gras est celle que je prends pour la réponse. *Contexte* montre les paragraphes autour, *Suivant* un autre passage. « Douteuse » veut dire que le passage ne répond peut-être pas à ta question.
    { "" }
    { $command-sources } donne la liste des articles. { $command-privacy } dit ce qui est enregistré sur toi.

## Confidentialité

privacy =
    { "" }**Ce que j’enregistre sur toi**
    Tes questions, les messages que tu as vérifiés, ce que j’ai répondu et ce que tu en as pensé. Je les garde pour que les boutons sous une réponse fonctionnent et pour que les personnes qui s’occupent des articles voient ce qui manque, questions privées comprises. À la place de ton nom ou de ton identifiant se trouve un code que je suis seul à pouvoir relier à toi.
    Les questions posées ici sont effacées après { $days ->
        [one] { $days } jour
       *[other] { $days } jours
    } ; chaque serveur choisit sa durée, et en message privé elle est de { $standard } jours. Rien n’est envoyé à qui que ce soit d’autre : je fais mes recherches sur la machine où je tourne.
    { "" }
    Enregistré sur toi en ce moment : { $questions ->
        [0] aucune question
        [one] une question
       *[other] { $questions } questions
    } et { $ratings ->
        [0] aucun avis
        [one] un avis
       *[other] { $ratings } avis
    }.
export = Exporter mes données
erase = Effacer mes données
export-ready = Voici tout ce qui est enregistré sur toi.
erase-ask = Effacer toutes tes questions et tous tes avis ? Les boutons sous tes réponses précédentes ne fonctionneront plus.
erase-yes = Oui, effacer
erase-no = Non, garder
erased = { $questions ->
    [0] { $ratings ->
        [0] Il n’y avait rien à effacer.
        [one] C’est effacé : un avis.
       *[other] C’est effacé : { $ratings } avis.
    }
    [one] C’est effacé : une question et { $ratings } avis.
   *[other] C’est effacé : { $questions } questions et { $ratings } avis.
}
kept = Rien n’a été effacé.

## Qui a le droit de faire quoi

may-not-manage = Seuls les membres qui peuvent gérer ce serveur peuvent faire cela.
not-the-owner = En message privé, seul le propriétaire de ce bot peut faire cela.
not-added = Je n’ai pas été ajouté à ce serveur : il n’y a donc rien à gérer ici.

## Réindexation

progress = { $total ->
    [one] Encodage des articles : { $done } sur { $total } texte…
   *[other] Encodage des articles : { $done } sur { $total } textes…
}
reindexed = **L’index est à jour.** Cela a pris { $seconds } s.
reindexed-articles = Articles : { $added } ajoutés, { $changed } modifiés, { $removed } retirés, { $unchanged } inchangés.
reindexed-passages = Passages : { $encoded } nouvellement encodés, { $passages } en tout.
reindexed-rebuilt = L’index a été entièrement reconstruit ; le journal dit pourquoi.
left-out = Laissés de côté :
left-out-file = { $path } : { $reason }.
left-out-line = { $path }, ligne { $line } : { $reason }.
more-left-out = { $count ->
    [one] et { $count } autre fichier ; `beleg check` les donne tous
   *[other] et { $count } autres fichiers ; `beleg check` les donne tous
}
reindex-failed = La réindexation a échoué, l’ancien index reste donc en service. { $sentence }
reindex-not-saved = L’index n’a pas pu être enregistré, l’ancien reste donc en service. La personne qui m’héberge trouvera la raison dans le journal ; le plus souvent, le disque est plein ou le dossier de données est protégé en écriture.
reindex-stopped = On est en train de m’arrêter, la réindexation a donc été interrompue. L’ancien index reste en service.

## Paramètres d’un serveur

server-only = Cette commande concerne un serveur : utilise-la là-bas.
settings-title =
    { "" }**Paramètres de ce serveur**
    Un changement prend effet tout de suite.
settings-channels = **Salons** où je réponds
settings-channels-all = Tous les salons
settings-channels-gone = { $left ->
    [0] Les salons choisis ici n’existent plus, je ne réponds donc nulle part. Choisis-en d’autres ou annule le choix :
   *[other] Certains des salons choisis ici n’existent plus.
}
settings-askers = **Qui peut poser des questions**
settings-askers-all = Tout le monde
settings-askers-gone = { $left ->
    [0] Les rôles choisis ici n’existent plus, personne ne peut donc poser de questions. Choisis-en d’autres ou annule le choix :
   *[other] Certains des rôles choisis ici n’existent plus.
}
settings-strictness = **À quel point je dois être sûr** avant de présenter un passage comme réponse
settings-strictness-looser = Plus souple : davantage de réponses, mais aussi davantage d’erreurs
settings-strictness-normal = Normal
settings-strictness-stricter = Plus strict : moins de réponses, mais aussi moins d’erreurs
settings-language = **Langue** dans laquelle je parle ; les passages restent tels qu’ils ont été écrits
settings-language-auto = Celle de chaque membre
settings-days = **Combien de temps les questions sont gardées**
settings-days-count = { $days ->
    [one] { $days } jour
   *[other] { $days } jours
}
settings-private = **Réponses à { $command-ask }**, sauf autre choix de la personne qui demande
settings-private-on = Seulement pour la personne qui demande
settings-private-off = Pour tout le monde

## État

status-title = **Comment je vais**
status-articles = Articles : { $count }
status-passages = Passages : { $count }
status-model = Modèle : { $name }
status-index = Index sur le disque : { $megabytes } Mo
status-reindex = Une réindexation est en cours : textes lus, { $done } sur { $total }.
status-memory = Mémoire : { $megabytes } Mo
status-queue = Questions en cours : { $count }
status-uptime = Démarrage : { $when }
status-version = Version : { $version }

## Lacunes et chiffres

gaps-title = **Ce qui a été demandé ici sans recevoir de bonne réponse**, le plus fréquent d’abord
gaps-none = Toutes les questions posées ici ont une bonne réponse, ou aucune n’a encore été posée.
gap-counts = posée { $asked } fois, { $unanswered } fois sans réponse claire{ $dislikes ->
    [0] { "" }
   *[other] { "" }, marquée { $dislikes } fois comme pas utile
}
gap-wordings = { $count ->
    [one] et { $count } autre formulation
   *[other] et { $count } autres formulations
}
gap-reason = « { $text } »
gaps-more = et { $count } de plus : le tableau les contient toutes
gaps-export = Exporter en CSV
gaps-file = Les voici toutes, dans un tableau.
gaps-column-question = Question
gaps-column-asked = Nombre de fois
gaps-column-unanswered = Sans réponse claire
gaps-column-not-helpful = Pas utile
gaps-column-last-asked = Dernière fois
gaps-column-wordings = Autres formulations
gaps-column-reasons = Raisons données
stats-title = { $days ->
    [one] **Ce serveur sur { $days } jour**
   *[other] **Ce serveur sur les { $days } derniers jours**
}
stats-none = Rien n’a été demandé.
stats-questions = Questions : { $count }{ $daily ->
    [0] { "" }
   *[other] { "" }, soit { $daily } par jour
}
stats-shares = Avec réponse : { $answered } %, douteuses : { $unsure } %, absentes des articles : { $refused } %
stats-ratings = Marquées comme utiles : { $likes }, comme pas utiles : { $dislikes }
stats-claims = Messages vérifiés : { $count }
stats-days-title = **Jour par jour**
stats-day = { $count ->
    [one] { $count } question
   *[other] { $count } questions
}, { $answered } avec réponse
stats-top = **Ce qui a répondu le plus souvent**
stats-times = { $count } fois

## Ajouter et retirer des articles

may-not-edit = Tous les serveurs partagent cette bibliothèque ; elle ne peut donc être modifiée que là où la personne qui m’héberge l’a autorisé.
add-too-large = Ce fichier est trop lourd : un article peut faire { $megabytes } Mo au plus.
add-form-title = Ajouter un article
add-form-title-field = Titre
add-form-author = Auteur ou autrice (facultatif)
add-form-url = Lien (facultatif)
add-form-text = Texte, une ligne vide entre les paragraphes
add-yes = Ajouter à la bibliothèque
cancel = Annuler
cancelled = Rien n’a été modifié.
added = **L’article a été ajouté.**
removed = **L’article a été retiré.** { $command-restore } permet de le remettre.
restored = **L’article a été remis.**
remove-ask = Retirer **{ $title }** de la bibliothèque, pour tous les serveurs ? L’article pourra être restauré plus tard.
remove-yes = Oui, retirer
draft-title = **{ $title }**
draft-preview = Ceci est un aperçu ; rien n’a encore été ajouté.
draft-facts = Il sera enregistré sous { $file }. { $paragraphs ->
    [one] { $paragraphs } paragraphe
   *[other] { $paragraphs } paragraphes
}, langue : { $language }.
draft-notes = Remarques :
draft-note = ligne { $line } : { $text }
draft-more-notes = { $count ->
    [one] et { $count } autre remarque
   *[other] et { $count } autres remarques
}
draft-more = { $count ->
    [one] et { $count } autre paragraphe
   *[other] et { $count } autres paragraphes
}
draft-gone = Cet aperçu est trop ancien. Ajoute l’article à nouveau, s’il te plaît.
