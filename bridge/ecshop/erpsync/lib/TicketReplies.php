<?php
/**
 * `POST ticket-replies.php`: an answer under a customer's message. ECShop shows one reply per message, to the customer and
 * to the administrator alike (get_message_list of lib_clips.php, get_feedback_detail of user_msg.php): its screen inserts
 * the first and rewrites it later. So a further answer is added to that row, and all of them are seen. The row is made
 * empty and filled together with the step, so that an answer is there exactly once.
 */
class ErpSync_TicketReplies
{
    const KIND = 'reply';
    /** Bytes that a reply may grow to; the column, TEXT, ends at 65,535. */
    const MAX_BYTES = 60000;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->db = $app->db;
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $body = $request->body(array('reply_id', 'ticket', 'text', 'author', 'at', 'origin'));
        $ticket = $body->object('ticket', array('msg_id', 'msg_time'));
        $call = array(
            'id' => $body->commandId('reply_id'),
            'msg_id' => $ticket->id('msg_id'),
            'msg_time' => $ticket->rawTime('msg_time'),
            'text' => $body->text('text', 1, 2000),
            'author' => $body->text('author', 1, 60),
            'at' => $body->instant('at'),
            'origin' => $body->origin(),
        );
        $call['hash'] = ErpSync_Command::hash($call);
        $lock = 'ticket.' . $call['msg_id'];
        ErpSync_Command::lock($this->db, $lock);
        $answer = $this->record($call);
        $this->db->unlock($lock);
        return $answer;
    }

    private function record(array $call)
    {
        $command = ErpSync_Command::find($this->db, self::KIND, $call['id'], $call['hash']);
        if ($command !== null && $command->step === ErpSync_Command::DONE) {
            return array('result' => 'duplicate') + $command->data;
        }
        $this->checkTicket($call);
        $time = $this->app->time()->toRaw($call['at']);
        $reply = $this->db->row(
            'SELECT msg_id, msg_time, LENGTH(msg_content) AS bytes FROM {feedback} WHERE parent_id = ? ORDER BY msg_id LIMIT 1',
            array($call['msg_id'])
        );
        $text = self::text($this->db, $call['text']);
        if ($reply !== null && (int) $reply['bytes'] + strlen($text) > self::MAX_BYTES) {
            throw new ErpSync_ApiProblem(
                'needs-a-person',
                'The replies under this message have no room for another.',
                'Answer the customer\'s newest message, or shorten the reply in the shop.'
            );
        }
        if ($command === null) {
            $command = ErpSync_Command::claim($this->db, self::KIND, $call['id'], $call['hash'], array());
        }
        $author = ErpSync_StoredText::encoded($this->db, $call['author'], 60);
        $msgId = $reply === null ? $this->insertEmpty($call, $author, $time) : $reply['msg_id'];
        $answer = array('reply_id' => $call['id'], 'msg_id' => (string) $msgId);
        // Under another's name and time the row would not say whose the added words are.
        $who = self::text($this->db, preg_replace('/\s+/', ' ', trim($call['author'])));
        $head = $who . ' ' . date('Y-m-d H:i', $call['at']);
        ErpSync_ReplyMarks::add($this->db, $msgId, $reply === null, $call['id'], $text, $head);
        $added = "\n\n" . $head . "\n" . $text;
        $isRecorded = $command->together(
            ErpSync_Command::DONE,
            $answer,
            array(array('JOIN {feedback} f ON f.msg_id = ?', array($msgId))),
            array(
                // Joined in the connection's charset: the column's may know fewer characters, and then refuses to be joined.
                array(
                    "f.msg_content = IF(f.msg_content = '', ?, CONCAT(CONVERT(f.msg_content USING "
                    . ($this->db->fourByte ? 'utf8mb4' : 'utf8') . '), ?))',
                    array($text, $added),
                ),
                array('f.msg_time = GREATEST(f.msg_time, ?)', array($time)),
            ),
            array()
        );
        if (!$isRecorded) {
            // A person deleted the reply this very moment.
            throw ErpSync_Command::busy();
        }
        return array('result' => 'recorded') + $answer;
    }

    private function checkTicket(array $call)
    {
        $ticket = $this->db->row(
            'SELECT msg_time FROM {feedback} WHERE msg_id = ? AND parent_id = 0',
            array($call['msg_id'])
        );
        if ($ticket === null) {
            throw new ErpSync_ApiProblem(
                'not-found',
                'The shop has no such message.',
                'It was deleted in the shop; a tombstone tells of that.',
                'ticket.msg_id'
            );
        }
        if ((int) $ticket['msg_time'] !== $call['msg_time']) {
            throw new ErpSync_ApiProblem(
                'identity-mismatch',
                'The shop has another message under this id.',
                'Compare msg_time with the ticket\'s newest snapshot.',
                'ticket'
            );
        }
    }

    /** As the reply screen inserts it; but user_id is nobody's, because an administrator's id is some member's too. */
    private function insertEmpty(array $call, $author, $time)
    {
        $address = (string) $this->db->value('SELECT value FROM {shop_config} WHERE code = ?', array('service_email'));
        $log = new ErpSync_ShopLog($this->db);
        $log->insert('feedback', array(array(
            'parent_id' => $call['msg_id'],
            'user_id' => 0,
            'user_name' => $author,
            'user_email' => ErpSync_StoredText::encoded($this->db, $address, 60),
            'msg_title' => 'reply',
            'msg_content' => '',
            'msg_time' => $time,
        )));
        return $this->db->insertId();
    }

    /**
     * As it is: ECShop stores what was typed and encodes it where it prints it. Only the administrator's text area does
     * not, so that what would end it is kept apart.
     */
    private static function text(ErpSync_Db $db, $text)
    {
        return preg_replace('~<(?=/textarea)~i', '< ', ErpSync_StoredText::plain($db, $text));
    }
}
