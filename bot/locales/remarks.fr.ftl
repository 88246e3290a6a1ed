### Ce qui est dit des fichiers et des articles, en français. L’anglais se trouve dans
### index/remarks.py.
###
### Les valeurs entre accolades peuvent venir de fichiers ; la phrase entière est rendue inoffensive
### ensuite. Ce qui est laissé de côté complète la phrase « Cette ligne … ». Espaces : voir fr.ftl.

## Le dossier et ses fichiers

folder-missing = ce dossier n’existe pas ; crée-le et mets-y des articles
folder-is-a-file = c’est un fichier, pas un dossier ; indique le dossier qui contient les articles
folder-unreadable = le dossier ne peut pas être lu ; vérifie ses droits d’accès
folder-empty = il n’y a aucun article ici ; mets-y un fichier Markdown ou texte
and-more-files = { $reason } ({ $count ->
    [one] { $count } autre fichier n’a pas pu être lu non plus
   *[other] { $count } autres fichiers n’ont pas pu être lus non plus
} ; beleg check les donne tous)
same-id = son identifiant « { $id } » est aussi celui de { $other } ; donnes-en un autre à l’un des deux dans son en-tête
name-not-showable = son nom contient des signes qui ne peuvent pas être affichés ; renomme-le
link-leads-out = c’est un lien qui mène hors du dossier des articles ; copie ici ce vers quoi il mène
not-a-file = ce n’est pas un fichier ordinaire ; retire-le
file-unreadable = le fichier ne peut pas être lu ; vérifie ses droits d’accès, ou ce vers quoi mène le lien
file-too-large = le fichier dépasse { $megabytes } Mo ; divise-le en plusieurs articles
too-many-lines = il a plus de { $most } lignes ; divise-le en plusieurs articles
file-empty = le fichier est vide ; écris-y l’article ou retire-le
no-paragraph = le fichier ne contient aucun paragraphe à citer ; ajoute du texte ou retire-le
all-excluded = chaque paragraphe contient quelque chose que l’en-tête exclut ; exclus-en moins
half-character = le texte contient la moitié d’un caractère, qui ne peut pas être enregistrée ; supprime-la

## Encodage

damaged-utf16 = l’UTF-16 est endommagé ; enregistre à nouveau le fichier en UTF-8
damaged-utf8 = l’UTF-8 est endommagé ; corrige les signes à cet endroit et enregistre le fichier en UTF-8
unknown-encoding = ce n’est ni de l’UTF-8 ni du Windows-1252 ; enregistre le fichier en UTF-8
control-character = le fichier contient un caractère de contrôle et n’est pas du texte ; supprime ce caractère, ou enregistre le fichier comme texte en UTF-8
read-as = lu comme { $encoding } ; enregistre le fichier en UTF-8
stored-as-utf8 = lu comme { $encoding } et enregistré en UTF-8 ; vérifie que chaque lettre est juste
damaged-before = contient le caractère de remplacement U+FFFD : le texte était déjà endommagé

## L’en-tête d’un article

head-without-end = l’en-tête n’a pas de fin ; ferme-le par une ligne de trois tirets
head-not-first = l’en-tête ne commence pas à la ligne 1 ; supprime ce qui le précède
head-in-toml = l’en-tête est en TOML ; écris « key: value » en YAML entre deux lignes de trois tirets
head-is-a-rule = les trois tirets sont lus comme un filet ; pour un en-tête, écris « key: value » dessous
head-not-a-list = l’en-tête n’est pas une liste de lignes « key: value » ; récris-le
head-alias = l’en-tête utilise une ancre ou un alias YAML ; écris la valeur en toutes lettres
head-too-deep = l’en-tête a trop de niveaux ; simplifie-le
head-not-yaml = l’en-tête n’est pas du YAML valide ; écris « key: value », et mets entre guillemets toute valeur qui contient un deux-points, un guillemet ou un autre signe
head-bad-character = l’en-tête n’est pas du YAML valide (un caractère n’est pas permis) ; supprime-le
key-not-a-word = une clé de l’en-tête n’est pas un mot ; écris « key: value »
key-twice = « { $key } » est donné deux fois ; n’en garde qu’un
key-misspelt = clé inconnue dans l’en-tête : « { $key } » ; voulais-tu dire « { $near } » ?
key-unknown = clé inconnue dans l’en-tête : « { $key } » ; les clés connues sont { $known }
value-not-text = « { $key } » n’est pas du texte ; écris du texte
value-needs-quotes = « { $key } » n’est pas du texte pour YAML ; mets { $value } entre guillemets
entry-not-text = « { $key } » contient autre chose que du texte ; mets chaque élément entre guillemets
value-not-a-list = « { $key } » n’est pas une liste ; écris un tiret et le texte sur chaque ligne
url-wrong = « url » n’est pas une adresse web ; écris-en une qui commence par https://
date-wrong = « date » n’est pas un jour ; écris-le sous la forme année-mois-jour, comme 2025-07-23
language-wrong = « language » n’est pas un code de deux lettres ; écris-en un comme de ou en
id-wrong = « id » n’est pas un nom court ; utilise au plus 64 des caractères a-z, 0-9, point, tiret et tiret bas, en commençant par une lettre ou un chiffre
keeps-nothing = « { $text } » (keep) ne se trouve nulle part dans le texte
excludes-nothing = « { $text } » (exclude) ne se trouve dans aucune ligne lue

## Comment le texte est lu

heading-split = titre collé au paragraphe, séparé : « { $heading } »
heading-maybe-glued = « { $heading } » est peut-être un titre collé à son paragraphe ; mets-le sur une ligne à part
prose-above-rule = les phrases au-dessus de cette ligne sont lues comme un paragraphe ; sépare-les par une ligne vide
lines-as-paragraphs = chaque ligne est lue comme un paragraphe ; sépare-les par des lignes vides

## Ce qui est laissé de côté

left-out = laissé de côté : « { $text } » { $reason }
is-excluded = contient « { $text } », que l’en-tête exclut
no-words = ne contient aucun mot
points-elsewhere = renvoie à un autre article
invites = invite à s’abonner à une newsletter
advertises = signale une publicité
shares = invite à partager ou à suivre
claims-rights = indique les droits d’auteur
only-link = n’est qu’un lien
only-image = n’est qu’une image
names-publisher = donne le nom de l’éditeur
heading-of-nothing = est un titre sans paragraphe
nested-too-deeply = est imbriqué trop profondément
is-html = est du HTML
defines-link = définit un lien

## Ajouter, retirer et remettre

no-article-name = « { $name } » n’est pas un article ; son nom doit finir par .md, .markdown ou .txt.
no-draft-name = Aucune ébauche ne s’appelle « { $name } » ; fais-en une nouvelle.
title-blank = Le titre ne contient ni lettre ni chiffre ; écris-en un qui en contienne.
value-wrong = { $reason }.
added-too-large = Le fichier « { $name } » dépasse { $megabytes } Mo ; divise-le en plusieurs articles.
utf8-too-large = En UTF-8, le fichier « { $name } » dépasse { $megabytes } Mo ; divise-le en plusieurs articles.
text-too-large = Le texte dépasse { $megabytes } Mo ; divise-le en plusieurs articles.
id-taken = { $path } a déjà l’identifiant « { $id } » ; retire d’abord cet article, ou donne un autre identifiant à l’un des deux.
name-taken = { $path } existe déjà ; retire d’abord cet article, ou donne un autre nom à l’un des deux.
unknown-id = Aucun article n’a l’identifiant « { $id } » ; choisis-en un qui est dans la bibliothèque.
is-link = { $path } est un lien ; retire-le à la main.
unknown-removed = Il n’y a pas d’article retiré « { $key } » ; il a déjà été remis, ou sa fiche est endommagée.
place-leads-out = Le dossier de { $path } est maintenant un lien qui mène hors du dossier des articles ; retire d’abord ce lien.
not-stored = { $path } n’a pas pu être enregistré
not-removed = L’article « { $id } » n’a pas pu être retiré
not-put-back = L’article retiré « { $key } » n’a pas pu être remis
other-writer = { $failure } : une autre écriture dure depuis { $seconds } secondes ; réessaie dans une minute.
disk-failed = { $failure } : { $reason } ; vérifie l’espace libre et les droits d’accès des dossiers « { $content } » et « { $removed } ».
removed-unreadable = Les articles retirés ne peuvent pas être lus : { $reason } ; vérifie les droits d’accès du dossier « { $removed } ».

## Ce que dit le système

disk-full = il n’y a plus de place sur le disque
permission-denied = accès refusé
not-permitted = opération non autorisée
read-only = le système de fichiers est en lecture seule
io-error = erreur de lecture ou d’écriture
