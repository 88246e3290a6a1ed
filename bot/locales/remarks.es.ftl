### Lo que se dice de los archivos y artículos, en español. El inglés está en index/remarks.py.
###
### Los valores entre llaves pueden venir de archivos; la frase entera se vuelve inofensiva después.
### Lo que se deja fuera completa la frase «Esta línea …».

## La carpeta y sus archivos

folder-missing = esta carpeta no existe; créala y pon artículos en ella
folder-is-a-file = es un archivo, no una carpeta; indica la carpeta que contiene los artículos
folder-unreadable = la carpeta no se puede leer; revisa sus permisos
folder-empty = aquí no hay ningún artículo; pon un archivo Markdown o de texto
and-more-files = { $reason } ({ $count ->
    [one] otro archivo tampoco se pudo leer
   *[other] otros { $count } archivos tampoco se pudieron leer
}; beleg check los enumera todos)
same-id = su ID «{ $id }» es también el de { $other }; ponle otro a uno de los dos en su encabezado
name-not-showable = su nombre contiene signos que no se pueden mostrar; cámbiale el nombre
link-leads-out = es un enlace que lleva fuera de la carpeta de artículos; copia aquí aquello a lo que lleva
not-a-file = no es un archivo normal; quítalo
file-unreadable = el archivo no se puede leer; revisa sus permisos o aquello a lo que lleva el enlace
file-too-large = el archivo ocupa más de { $megabytes } MB; divídelo en varios artículos
too-many-lines = tiene más de { $most } líneas; divídelo en varios artículos
file-empty = el archivo está vacío; escribe el artículo en él o quítalo
no-paragraph = el archivo no contiene ningún párrafo que se pueda citar; añade texto o quítalo
all-excluded = cada párrafo contiene algo que el encabezado excluye; excluye menos
half-character = el texto contiene medio carácter, que no se puede guardar; bórralo

## Codificación

damaged-utf16 = su UTF-16 está dañado; guarda el archivo de nuevo como UTF-8
damaged-utf8 = su UTF-8 está dañado; corrige los signos de ese lugar y guarda el archivo como UTF-8
unknown-encoding = no es ni UTF-8 ni Windows-1252; guarda el archivo como UTF-8
control-character = contiene un carácter de control y no es texto; bórralo, o guarda el archivo como texto en UTF-8
read-as = leído como { $encoding }; guarda el archivo como UTF-8
stored-as-utf8 = leído como { $encoding } y guardado como UTF-8; revisa que cada letra sea correcta
damaged-before = contiene el carácter de sustitución U+FFFD: el texto ya estaba dañado

## El encabezado de un artículo

head-without-end = el encabezado no tiene fin; ciérralo con una línea de tres guiones
head-not-first = el encabezado no empieza en la línea 1; quita lo que está antes
head-in-toml = el encabezado está en TOML; escribe «key: value» en YAML entre dos líneas de tres guiones
head-is-a-rule = los tres guiones se leen como un filete; para un encabezado, escribe «key: value» debajo
head-not-a-list = el encabezado no es una lista de líneas «key: value»; reescríbelo
head-alias = el encabezado usa un ancla o un alias de YAML; escribe el valor completo
head-too-deep = el encabezado tiene demasiados niveles; simplifícalo
head-not-yaml = el encabezado no es YAML válido; escribe «key: value» y pon entre comillas todo valor que contenga dos puntos, comillas u otro signo
head-bad-character = el encabezado no es YAML válido (hay un carácter que no se permite); bórralo
key-not-a-word = una clave del encabezado no es una palabra; escribe «key: value»
key-twice = «{ $key }» aparece dos veces; deja solo una
key-misspelt = clave desconocida en el encabezado: «{ $key }»; ¿querías decir «{ $near }»?
key-unknown = clave desconocida en el encabezado: «{ $key }»; las que se conocen son { $known }
value-not-text = «{ $key }» no es texto; escribe texto
value-needs-quotes = «{ $key }» no es texto para YAML; pon { $value } entre comillas
entry-not-text = «{ $key }» contiene algo que no es texto; pon cada elemento entre comillas
value-not-a-list = «{ $key }» no es una lista; escribe en cada línea un guion y el texto
url-wrong = «url» no es una dirección web; escribe una que empiece por https://
date-wrong = «date» no es un día; escríbelo como año-mes-día, por ejemplo 2025-07-23
language-wrong = «language» no es un código de dos letras; escribe uno como de o en
id-wrong = «id» no es un nombre corto; usa hasta 64 de los caracteres a-z, 0-9, punto, guion y guion bajo, con una letra o una cifra al principio
keeps-nothing = «{ $text }» (keep) no está en ninguna parte del texto
excludes-nothing = «{ $text }» (exclude) no está en ninguna línea que se lea

## Cómo se lee el texto

heading-split = título pegado a su párrafo, separado: «{ $heading }»
heading-maybe-glued = «{ $heading }» puede ser un título pegado a su párrafo; ponlo en una línea propia
prose-above-rule = las frases sobre esta línea se leen como un párrafo; pon una línea vacía entre ellas
lines-as-paragraphs = cada línea se lee como un párrafo; pon líneas vacías entre ellas

## Lo que se deja fuera

left-out = queda fuera: «{ $text }» { $reason }
is-excluded = contiene «{ $text }», que el encabezado excluye
no-words = no contiene palabras
points-elsewhere = remite a otro artículo
invites = invita a suscribirse a un boletín
advertises = señala un anuncio
shares = pide compartir o seguir
claims-rights = indica los derechos de autor
only-link = es solo un enlace
only-image = es solo una imagen
names-publisher = nombra a la editorial
heading-of-nothing = es un título sin párrafo debajo
nested-too-deeply = está anidado a demasiada profundidad
is-html = es HTML
defines-link = define un enlace

## Añadir, quitar y recuperar

no-article-name = «{ $name }» no es un artículo; su nombre debe terminar en .md, .markdown o .txt.
no-draft-name = Ningún borrador se llama «{ $name }»; haz uno nuevo.
title-blank = El título no contiene ninguna letra ni cifra; escribe uno que la tenga.
value-wrong = { $reason }.
added-too-large = El archivo «{ $name }» ocupa más de { $megabytes } MB; divídelo en varios artículos.
utf8-too-large = Como UTF-8, el archivo «{ $name }» ocupa más de { $megabytes } MB; divídelo en varios artículos.
text-too-large = El texto ocupa más de { $megabytes } MB; divídelo en varios artículos.
id-taken = { $path } ya tiene el ID «{ $id }»; quita primero ese artículo, o ponle otro ID a uno de los dos.
name-taken = { $path } ya existe; quita primero ese artículo, o ponle otro nombre a uno de los dos.
unknown-id = No hay ningún artículo con el ID «{ $id }»; elige uno que esté en la biblioteca.
is-link = { $path } es un enlace; quítalo a mano.
unknown-removed = No hay ningún artículo quitado «{ $key }»; ya se recuperó, o su registro está dañado.
place-leads-out = La carpeta de { $path } es ahora un enlace que lleva fuera de la carpeta de artículos; quita primero el enlace.
not-stored = { $path } no se pudo guardar
not-removed = El artículo «{ $id }» no se pudo quitar
not-put-back = El artículo quitado «{ $key }» no se pudo recuperar
other-writer = { $failure }: hay otra escritura en curso desde hace { $seconds } segundos; inténtalo de nuevo en un minuto.
disk-failed = { $failure }: { $reason }; revisa el espacio libre y los permisos de las carpetas «{ $content }» y «{ $removed }».
removed-unreadable = Los artículos quitados no se pueden leer: { $reason }; revisa los permisos de la carpeta «{ $removed }».

## Lo que dice el sistema

disk-full = no queda espacio en el disco
permission-denied = permiso denegado
not-permitted = operación no permitida
read-only = el sistema de archivos es de solo lectura
io-error = error de lectura o escritura
