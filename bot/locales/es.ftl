### Lo que dice el bot en español.
###
### Tutea, y evita lo que solo se dice en España o solo en América. Los valores entre llaves se pueden
### mostrar sin riesgo.

## Comandos. Nombres: minúsculas, sin espacios, 32 caracteres como máximo; descripciones: 100.

ask-name = preguntar
ask-description = Muestra palabra por palabra el pasaje que responde a tu pregunta, con su fuente
ask-question = pregunta
ask-question-description = Tu pregunta, en cualquier idioma
ask-article = artículo
ask-article-description = Buscar solo en este artículo
ask-private = privado
ask-private-description = Mostrarte la respuesta solo a ti
evidence-name = Buscar pruebas
sources-name = fuentes
sources-description = Lo que hay en la biblioteca
help-name = ayuda
help-description = Cómo preguntar y qué significan las respuestas
privacy-name = privacidad
privacy-description = Lo que se guarda sobre ti; expórtalo o bórralo
admin-name = admin
admin-description = Para quienes cuidan de este servidor y de la biblioteca
reindex-name = reindexar
reindex-description = Poner el índice al día con los artículos

settings-name = ajustes
settings-description = Dónde, a quién y con qué exigencia respondo en este servidor
status-name = estado
status-description = Cómo están el bot y su biblioteca
gaps-name = lagunas
gaps-description = Lo que se preguntó aquí sin recibir una buena respuesta
stats-name = estadísticas
stats-description = Cuántas preguntas se hicieron aquí y cuántas recibieron respuesta
stats-days = días
stats-days-description = Cuántos días hacia atrás; 30 si no dices nada
add-name = añadir
add-description = Añadir un artículo a la biblioteca: un archivo, o un texto que pegas
add-file = archivo
add-file-description = Un archivo Markdown o de texto; sin archivo se abre un formulario para pegar el texto
remove-name = quitar
remove-description = Quitar un artículo de la biblioteca; se puede restaurar
remove-article = artículo
remove-article-description = El artículo que quieres quitar
restore-name = restaurar
restore-description = Recuperar un artículo que se quitó
restore-article = artículo
restore-article-description = El artículo que quieres recuperar

## Una respuesta

question = **Pregunta:** { $text }
claim = **Búsqueda:** { $text }
asks = Sobre «{ $text }»:
unsure = { $count ->
    [one] Este pasaje es el que más se acerca; puede que no responda a tu pregunta.
   *[other] Estos pasajes son los que más se acercan; puede que no respondan a tu pregunta.
}
unsure-claim = { $count ->
    [one] Este pasaje es el que más se acerca; puede que no diga nada sobre esto.
   *[other] Estos pasajes son los que más se acercan; puede que no digan nada sobre esto.
}
unanswered = En estos artículos no encontré respuesta a «{ $text }».
no-answer = En estos artículos no encontré respuesta a esto.
no-evidence = En estos artículos no encontré nada sobre esto.
no-articles = Todavía no hay artículos en mi biblioteca.
library = En la biblioteca hay:
more-titles = { $count ->
    [one] y uno más
   *[other] y { $count } más
}
examples = Podrías preguntar, por ejemplo:
paragraph = párrafo { $number }
certainty = Estimación: { $level ->
    [high] casi seguro
    [good] muy probable
    [fair] probable
   *[low] dudoso
}
passage-of = Pasaje { $number } de { $count }
page-of = Página { $number } de { $count }
claim-cut = El mensaje es largo; hice la búsqueda con sus primeros { $count } caracteres.
only-first = Solo busqué las { $most } primeras preguntas. Hazme las demás otra vez, desde «{ $text }».
link = Leer el artículo
previous = Anterior
next = Siguiente
context = Contexto
context-title = Los párrafos de alrededor, de **{ $title }**
back = Volver a la respuesta
share = Compartir
remove = Eliminar
helpful = Útil
not-helpful = No es útil

## Botones

changed = Este párrafo cambió o desapareció después de que lo mostré. Pregunta de nuevo, por favor.
forgotten = Ya no tengo esta respuesta: las preguntas se borran después de un tiempo. Pregunta de nuevo, por favor.
shared = Compartida. Ahora todo el mundo en este canal puede ver la respuesta.
shared-already = Ya has compartido esta respuesta.
may-not-share = Solo quien preguntó puede compartir una respuesta.
may-not-remove = Solo quien preguntó, o quien puede gestionar los mensajes aquí, puede eliminar esta respuesta.
thanks = Gracias. Eso ayuda a quienes cuidan de estos artículos.
reason-title = ¿Qué no fue útil?
reason-label = ¿Qué esperabas? (opcional)
reason-placeholder = Por ejemplo: el pasaje habla de otro año
thanks-reason = Gracias. Quienes cuidan de estos artículos verán lo que escribiste.

## Cuando una pregunta no se busca

hello = Hazme una pregunta y buscaré el pasaje que la responde: con { $command-ask }, en un mensaje directo o mencionándome junto con tu pregunta.
too-long = Tu pregunta tiene { $length } caracteres, y yo leo { $limit } como máximo. Acórtala, por favor.
no-text = Este mensaje no tiene texto que yo pueda buscar.
preparing = La biblioteca se está preparando. Pregunta de nuevo en un par de minutos, por favor.
preparing-progress = La biblioteca se está preparando: textos leídos, { $done } de { $total }. Pregunta de nuevo en unos minutos, por favor.
cooldown = Has preguntado mucho en poco tiempo. Pregunta de nuevo { $when }, por favor.
queue-full = Hay demasiadas preguntas en espera. Pregunta de nuevo { $when }, por favor.
not-here = No respondo en este canal. Pregúntame en { $channels }.
not-your-role = En este servidor solo pueden preguntarme algunos roles. Quien gestiona el servidor puede cambiarlo.
cannot-write = No puedo escribir en { $channel }, así que te respondo aquí en privado. Quien gestiona el servidor puede permitírmelo.
cannot-share = No puedo escribir en { $channel }, así que no puedo compartir la respuesta allí. Quien gestiona el servidor puede permitirlo.
unknown-article = Ese artículo no está en mi biblioteca. Elige uno de la lista mientras escribes.
stopping = Me estoy reiniciando. Inténtalo de nuevo en un minuto, por favor.
command-changed = Esto ha cambiado desde la última vez que lo viste. Escribe `/` y elige de nuevo el comando, por favor.
failed = Lo siento, algo salió mal por mi parte. Inténtalo más tarde, por favor; quien administra este bot lo encontrará en el registro como `{ $identifier }`.

## Lo que hay en la biblioteca

sources-title = { $articles ->
    [one] **En la biblioteca hay un artículo.**
   *[other] **En la biblioteca hay { $articles } artículos.**
}
source-paragraphs = { $count ->
    [one] un párrafo
   *[other] { $count } párrafos
}

## Ayuda

help =
    { "" }**Muestro palabra por palabra el pasaje que responde a tu pregunta, con su fuente.**
    Nunca escribo respuestas propias. Si los artículos no responden a tu pregunta, lo digo.
    { "" }
    { "" }**Cómo preguntar**
    - { $command-ask } y tu pregunta, en cualquier idioma. Con `artículo` busco en un solo artículo; con `privado` solo tú ves la respuesta.
    - Mencióname en un canal junto con tu pregunta, o escríbeme directamente.
    - Responde a una de mis respuestas para seguir preguntando. Deja activada la mención; si es una respuesta a { $command-ask }, escríbela en el texto.
    - Abre el menú de un mensaje, luego *Aplicaciones* y luego *Buscar pruebas*, para ver qué dicen los artículos sobre él.
    { "" }
    { "" }**Cómo leer una respuesta**
    La frase en negrita es la que tomo por respuesta. *Contexto* muestra los párrafos de alrededor; *Siguiente*, otro pasaje. «Dudoso» significa que puede que el pasaje no responda a tu pregunta.
    { "" }
    { $command-sources } enumera los artículos. { $command-privacy } dice qué se guarda sobre ti.

## Privacidad

privacy =
    { "" }**Lo que guardo sobre ti**
    Tus preguntas, los mensajes que consultaste, lo que respondí y lo que te pareció. Lo conservo para que funcionen los botones debajo de una respuesta y para que quienes cuidan de los artículos vean qué falta, también en las preguntas privadas. En lugar de tu nombre o de tu ID hay un código que solo yo puedo relacionar contigo.
    Las preguntas hechas aquí se borran después de { $days ->
        [one] un día
       *[other] { $days } días
    }; cada servidor fija su plazo, y en los mensajes directos es de { $standard } días. No se envía nada a nadie más: busco en la máquina en la que funciono.
    { "" }
    Guardado sobre ti ahora: { $questions ->
        [0] ninguna pregunta
        [one] una pregunta
       *[other] { $questions } preguntas
    } y { $ratings ->
        [0] ninguna valoración
        [one] una valoración
       *[other] { $ratings } valoraciones
    }.
export = Exportar mis datos
erase = Borrar mis datos
export-ready = Aquí está todo lo que se guarda sobre ti.
erase-ask = ¿Borrar todas tus preguntas y valoraciones? Los botones debajo de tus respuestas anteriores dejarán de funcionar.
erase-yes = Sí, borrar
erase-no = No, conservar
erased = { $questions ->
    [0] { $ratings ->
        [0] No había nada que borrar.
        [one] Borrado: una valoración.
       *[other] Borrado: { $ratings } valoraciones.
    }
    [one] Borrado: una pregunta y { $ratings ->
        [one] una valoración
       *[other] { $ratings } valoraciones
    }.
   *[other] Borrado: { $questions } preguntas y { $ratings ->
        [one] una valoración
       *[other] { $ratings } valoraciones
    }.
}
kept = No se borró nada.

## Quién puede hacer qué

may-not-manage = Solo pueden hacerlo los miembros que pueden gestionar este servidor.
not-the-owner = En los mensajes directos solo puede hacerlo quien es dueño de este bot.
not-added = No me han añadido a este servidor, así que aquí no hay nada que gestionar.

## Reindexar

progress = { $total ->
    [one] Codificando los artículos: { $done } de un texto…
   *[other] Codificando los artículos: { $done } de { $total } textos…
}
reindexed = **El índice está al día.** Tardó { $seconds } s.
reindexed-articles = Artículos: { $added } añadidos, { $changed } cambiados, { $removed } quitados, { $unchanged } sin cambios.
reindexed-passages = Pasajes: { $encoded } recién codificados, { $passages } en total.
reindexed-rebuilt = El índice se reconstruyó desde cero; el registro dice por qué.
left-out = Quedaron fuera:
left-out-file = { $path }: { $reason }.
left-out-line = { $path }, línea { $line }: { $reason }.
more-left-out = { $count ->
    [one] y un archivo más; `beleg check` los enumera todos
   *[other] y { $count } archivos más; `beleg check` los enumera todos
}
reindex-failed = La reindexación falló, así que el índice anterior sigue en uso. { $sentence }
reindex-not-saved = El índice no se pudo guardar, así que el anterior sigue en uso. Quien administra este bot encontrará el motivo en el registro; casi siempre el disco está lleno o no se puede escribir en la carpeta de datos.
reindex-stopped = Me están deteniendo, así que la reindexación se interrumpió. El índice anterior sigue en uso.

## Ajustes de un servidor

server-only = Esto solo vale en un servidor: usa el comando allí.
settings-title =
    { "" }**Ajustes de este servidor**
    Los cambios valen de inmediato.
settings-channels = **Canales** en los que respondo
settings-channels-all = Todos los canales
settings-channels-gone = { $left ->
    [0] Los canales elegidos aquí ya no existen, así que no respondo en ninguno. Elige otros o anula la elección:
   *[other] Algunos de los canales elegidos aquí ya no existen.
}
settings-askers = **Quién puede preguntar**
settings-askers-all = Todo el mundo
settings-askers-gone = { $left ->
    [0] Los roles elegidos aquí ya no existen, así que nadie puede preguntar. Elige otros o anula la elección:
   *[other] Algunos de los roles elegidos aquí ya no existen.
}
settings-strictness = **Cuánta seguridad necesito** para presentar un pasaje como respuesta
settings-strictness-looser = Más flexible: más respuestas, pero también más errores
settings-strictness-normal = Normal
settings-strictness-stricter = Más estricto: menos respuestas, pero también menos errores
settings-language = **Idioma** en el que hablo; los pasajes quedan como se escribieron
settings-language-auto = El de cada miembro
settings-days = **Cuánto tiempo se guardan las preguntas**
settings-days-count = { $days ->
    [one] un día
   *[other] { $days } días
}
settings-private = **Respuestas a { $command-ask }**, si quien pregunta no elige otra cosa
settings-private-on = Solo para quien pregunta
settings-private-off = Para todos

## Estado

status-title = **Cómo estoy**
status-articles = Artículos: { $count }
status-passages = Pasajes: { $count }
status-model = Modelo: { $name }
status-index = Índice en el disco: { $megabytes } MB
status-reindex = Hay una reindexación en marcha: textos leídos, { $done } de { $total }.
status-memory = Memoria: { $megabytes } MB
status-queue = Preguntas en curso: { $count }
status-uptime = Inicio: { $when }
status-version = Versión: { $version }

## Lagunas y cifras

gaps-title = **Lo que se preguntó aquí sin recibir una buena respuesta**, lo más frecuente primero
gaps-none = Todas las preguntas hechas aquí tienen una buena respuesta, o todavía no se ha hecho ninguna.
gap-counts = preguntada { $asked ->
    [one] una vez
   *[other] { $asked } veces
}, sin respuesta clara: { $unanswered }{ $dislikes ->
    [0] { "" }
   *[other] { "" }, marcada como no útil: { $dislikes }
}
gap-wordings = { $count ->
    [one] y otra formulación
   *[other] y otras { $count } formulaciones
}
gap-reason = «{ $text }»
gaps-more = y { $count } más: la tabla las tiene todas
gaps-export = Exportar como CSV
gaps-file = Aquí están todas, en una tabla.
gaps-column-question = Pregunta
gaps-column-asked = Veces preguntada
gaps-column-unanswered = Sin respuesta clara
gaps-column-not-helpful = No útil
gaps-column-last-asked = Última vez
gaps-column-wordings = Otras formulaciones
gaps-column-reasons = Motivos indicados
stats-title = { $days ->
    [one] **El último día en este servidor**
   *[other] **Los últimos { $days } días en este servidor**
}
stats-none = No se preguntó nada.
stats-questions = Preguntas: { $count }{ $daily ->
    [0] { "" }
   *[other] { "" }, { $daily } al día
}
stats-shares = Con respuesta: { $answered } %, dudosas: { $unsure } %, fuera de los artículos: { $refused } %
stats-ratings = Marcadas como útiles: { $likes }, como no útiles: { $dislikes }
stats-claims = Mensajes consultados: { $count }
stats-days-title = **Día a día**
stats-day = { $count ->
    [one] una pregunta
   *[other] { $count } preguntas
}, { $answered } con respuesta
stats-top = **Lo que respondió más veces**
stats-times = { $count ->
    [one] una vez
   *[other] { $count } veces
}

## Añadir y quitar artículos

may-not-edit = Todos los servidores comparten esta biblioteca, así que solo se puede cambiar donde lo haya permitido quien administra este bot.
add-too-large = Este archivo es demasiado grande: un artículo puede tener { $megabytes } MB como máximo.
add-form-title = Añadir un artículo
add-form-title-field = Título
add-form-author = Autor o autora (opcional)
add-form-url = Enlace (opcional)
add-form-text = Texto, con líneas vacías entre párrafos
add-yes = Añadir a la biblioteca
cancel = Cancelar
cancelled = No se cambió nada.
added = **El artículo se añadió.**
removed = **El artículo se quitó.** { $command-restore } lo recupera.
restored = **El artículo se recuperó.**
remove-ask = ¿Quitar **{ $title }** de la biblioteca, para todos los servidores? Se puede restaurar más tarde.
remove-yes = Sí, quitar
draft-title = **{ $title }**
draft-preview = Esto es una vista previa; todavía no se ha añadido nada.
draft-facts = Se guardará como { $file }. { $paragraphs ->
    [one] Un párrafo
   *[other] { $paragraphs } párrafos
}, idioma: { $language }.
draft-notes = Observaciones:
draft-note = línea { $line }: { $text }
draft-more-notes = { $count ->
    [one] y una observación más
   *[other] y { $count } observaciones más
}
draft-more = { $count ->
    [one] y un párrafo más
   *[other] y { $count } párrafos más
}
draft-gone = Esta vista previa es demasiado antigua. Añade el artículo de nuevo, por favor.
